(defprog p (:type :xdp) (if (> (ctx data) 1/2) XDP_PASS XDP_DROP))
