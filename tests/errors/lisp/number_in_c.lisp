(defprog p (:type :xdp) (logand 0xff 7))
