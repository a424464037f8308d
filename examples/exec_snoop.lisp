;; Show every program started on this machine: kring run examples/exec_snoop.lisp

(deftracepoint sched/sched-process-exec (pid u32) (filename data-loc))
(import-kernel-struct task-struct tgid real-parent)

(defstruct exec
  (pid u32)
  (ppid u32)
  (comm (array char 16))
  (filename (array char 512)))

(defmap events :type :ringbuf :max-entries (* 256 1024) :count-drops t)

(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (with-ringbuf (e events (sizeof exec))
    (let ((task (get-current-task-btf)))
      (setf (exec-pid e) (tp-pid)
            (exec-ppid e) (task-struct-tgid (task-struct-real-parent task))))
    (get-current-comm (exec-comm-ptr e) 16)
    (tp-filename-str (exec-filename-ptr e) 512)))
