(defconstant half 0.5)
(defprog p (:type :xdp) XDP_PASS)
