(defprog watch (:type :xdp)
  (* (ctx data) 2)
  XDP_PASS)
