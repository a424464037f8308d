(defprog watch (:type :xdp)
  (load u32 (ctx data) 0 1)
  XDP_PASS)
