(import-kernel-struct task-struct tgid)
(import-kernel-struct task_struct pid)
(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  0)
