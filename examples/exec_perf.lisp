;;; Show every program started on this machine: sudo kring run exec_perf.lisp
;;; Its record is filled on the stack, which has 512 bytes, then copied to a buffer of this CPU's.

(in-package #:whistler)

(defstruct exec
  (pid u32)
  (comm (array char 16))
  (filename (array char 256)))

(defmap events :type :perf-event-array :count-drops t)

(deftracepoint sched/sched-process-exec (filename data-loc))

(defprog on-exec (:type :tracepoint
                  :section "tracepoint/sched/sched_process_exec"
                  :license "GPL")
  (let ((e (make-exec)))
    (fill-process-info e
      :pid-field exec-pid
      :comm-field exec-comm-ptr)
    (tp-filename-str (exec-filename-ptr e) 256)
    (perf-event-output events e (sizeof exec))))
