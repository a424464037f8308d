(deftracepoint sched/sched-process-exec (pid u32))
(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (tp-pid))
