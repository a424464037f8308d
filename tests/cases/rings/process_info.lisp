;; Who runs a program: what fill-process-info sets.
; engines: ir passes vm
; run: on_exec() -> lost=0, value=0

(defstruct proc-event
  (timestamp u64) (pid u32) (uid u32) (comm (array u8 16)))

(defmap events :type :ringbuf :max-entries 4096)

(defprog on-exec (:type :tracepoint :section "tracepoint/sched/sched_process_exec")
  (with-ringbuf (ev events (sizeof proc-event))
    (fill-process-info ev
      :pid-field proc-event-pid
      :uid-field proc-event-uid
      :timestamp-field proc-event-timestamp
      :comm-field proc-event-comm-ptr
      :comm-size 16))
  0)
