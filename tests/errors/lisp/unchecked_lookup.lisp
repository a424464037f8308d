(defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 64)
(defprog watch (:type :xdp)
  (store u64 (map-lookup counts 1) 0 5)
  XDP_PASS)
