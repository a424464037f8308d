(defstruct event (pid u32) (port u16) (comm (array u8 16)))
(defmap events :type :ringbuf :max-entries 4096)
(defprog watch (:type :xdp)
  (let ((ev (ringbuf-reserve events (sizeof event) 0)))
    (when ev
      (ringbuf-submit ev 0)
      (ringbuf-discard ev 0)))
  XDP_PASS)
