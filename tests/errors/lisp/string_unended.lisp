(defprog p (:type :xdp :section "xdp)
  XDP_PASS)
