(defstruct tp (pid u32))
(deftracepoint sched/sched-process-exec (old-pid u32) (pid u32))
(defprog watch (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (tp-pid))
