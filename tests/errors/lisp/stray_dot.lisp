(defprog p (:type :xdp) (+ 1 . ))
