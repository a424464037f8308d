;; Who is running, as a record.
; run: watch() -> events=[event(pid=me.pid, uid=me.uid, comm=me.comm)]
(in-package #:whistler)
(defstruct event (pid u32) (uid u32) (comm (array char 16)))
(defmap events :type :ringbuf :max-entries 4096)

(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (with-ringbuf (e events (sizeof event))
    (fill-process-info e :pid-field event-pid :uid-field event-uid :comm-field event-comm-ptr))
  0)
