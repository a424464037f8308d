(import-kernel-struct task-struct tgid)
(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (task-struct-pid (get-current-task)))
