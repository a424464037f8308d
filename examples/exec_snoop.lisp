;;; Show every program started on this machine: sudo kring run exec_snoop.lisp
;;; Its record is written in place, into a ring; what found no room there is counted.

(in-package #:whistler)

(defstruct exec
  (pid u32)
  (ppid u32)
  (comm (array char 16))
  (filename (array char 512)))

(defmap events :type :ringbuf :max-entries (* 256 1024) :count-drops t)

(deftracepoint sched/sched-process-exec (filename data-loc))
(import-kernel-struct task-struct tgid real-parent)

(defprog on-exec (:type :tracepoint
                  :section "tracepoint/sched/sched_process_exec"
                  :license "GPL")
  (with-ringbuf (e events (sizeof exec))
    (fill-process-info e
      :pid-field exec-pid
      :comm-field exec-comm-ptr)
    (setf (exec-ppid e) (task-struct-tgid (task-struct-real-parent (get-current-task-btf))))
    (tp-filename-str (exec-filename-ptr e) 512)))
