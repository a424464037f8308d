(defmap counts :type :hash :key-size 4 :value-size 8)
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
