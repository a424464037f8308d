(defmap counts :type :hash :value-size 8 :max-entries 1)
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
