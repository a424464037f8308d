;; Reserved, then submitted or discarded by hand: what root starts is not shown.
; engines: ir passes vm
; run: on_exec() -> lost=0, value=0

(defstruct proc-event
  (timestamp u64) (pid u32) (uid u32))

(defmap events :type :ringbuf :max-entries 4096)

(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (let ((ev (ringbuf-reserve events (sizeof proc-event) 0)))
    (when ev
      (setf (proc-event-timestamp ev) (ktime-get-ns)
            (proc-event-pid ev) (>> (get-current-pid-tgid) 32)
            (proc-event-uid ev) (get-current-uid-gid))
      (if (= (proc-event-uid ev) 0)
          (ringbuf-discard ev 0)
          (ringbuf-submit ev 0))))
  0)
