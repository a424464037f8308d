(defprog watch (:type :xdp)
  (when (< 1 2 3) (return XDP_DROP))
  XDP_PASS)
