(defprog p (:type :xdp) (let ((x 1)) (+ 1 ,x)))
