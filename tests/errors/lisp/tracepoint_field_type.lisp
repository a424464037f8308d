(deftracepoint sched/sched-process-exec (pid u31) (filename data-loc))
(defprog watch (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (tp-pid))
