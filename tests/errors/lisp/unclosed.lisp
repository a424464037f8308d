(defprog p (:type :xdp)
  (when (= 1 2
    (return XDP_DROP))
  XDP_PASS)
