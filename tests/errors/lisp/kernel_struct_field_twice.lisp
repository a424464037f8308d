(defstruct cred (uid u32))
(import-kernel-struct cred usage uid)
(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (cred-uid (make-cred)))
