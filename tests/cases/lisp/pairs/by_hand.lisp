;; A record reserved and submitted by hand, or discarded.
; run: send(data=bytes([7, 0, 0, 0] + [0] * 60), times=2) -> events=[event(word=7), event(word=7)], value=2
; run: send(data=bytes(64)) -> events=[], value=2
(in-package #:whistler)
(defstruct event (word u32))
(defmap events :type :ringbuf :max-entries 4096)

(defprog send (:type :xdp)
  (with-packet (data data-end :min-len 4)
    (when-let ((e (ringbuf-reserve events (sizeof event) 0)))
      (setf (event-word e) (load u32 data))
      (if (= (load u32 data) 0)
          (ringbuf-discard e 0)
          (ringbuf-submit e 0))))
  XDP_PASS)
