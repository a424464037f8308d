(defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 64)
(defprog watch (:type :xdp)
  (incf (getmap counts (get-curent-pid-tgid)))
  XDP_PASS)
