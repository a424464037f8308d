(defmap counts :type :hashh :key-size 4 :value-size 8 :max-entries 64)
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
