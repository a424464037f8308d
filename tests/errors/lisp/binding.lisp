(defprog watch (:type :xdp)
  (let (x 1)
    (return x))
  XDP_PASS)
