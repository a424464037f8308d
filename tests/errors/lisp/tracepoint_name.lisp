(deftracepoint sched-process-exec (pid u32))
(defprog watch (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (tp-pid))
