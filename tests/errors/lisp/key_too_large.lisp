(defmap flows :type :hash :key-size 12 :value-size 8 :max-entries 64)
(defprog watch (:type :xdp)
  (incf (getmap flows 5))
  XDP_PASS)
