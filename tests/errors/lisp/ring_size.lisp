(defmap events :type :ringbuf :max-entries 5000)
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
