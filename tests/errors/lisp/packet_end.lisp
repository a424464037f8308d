(defprog watch (:type :xdp)
  (load u8 (ctx data-end) 0)
  XDP_PASS)
