(defmap events :type :ringbuf :max-entries 4096)
(defprog watch (:type :xdp)
  (getmap events 0)
  XDP_PASS)
