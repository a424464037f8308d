(deftracepoint sched/sched-process-exec (pid u32))
(deftracepoint sched/sched-process-exit (pid u32))
(defprog watch (:type :tracepoint :section "tracepoint")
  (tp-pid))
