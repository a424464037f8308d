(import-kernel-struct task-struct comm)
(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (load u8 (task-struct-comm (get-current-task)) 0))
