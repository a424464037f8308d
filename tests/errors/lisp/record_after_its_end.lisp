(defstruct event (id u32) (tag u32))
(defmap events :type :ringbuf :max-entries 4096)
(defprog watch (:type :xdp)
  (let ((e (ringbuf-reserve events (sizeof event))))
    (when e
      (setf (event-id e) 1)
      (ringbuf-submit e)
      (setf (event-tag e) 2)))
  XDP_PASS)
