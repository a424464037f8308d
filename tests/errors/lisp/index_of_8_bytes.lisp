(defmap totals :type :percpu-array :key-size 8 :value-size 8 :max-entries 4)
(defprog count (:type :xdp)
  (incf (getmap totals 0))
  XDP_PASS)
