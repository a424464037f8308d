(defmap counts :type :hash :key-size 4 :value-sise 8 :max-entries 1)
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
