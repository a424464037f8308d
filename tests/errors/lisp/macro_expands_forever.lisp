(defmacro again (x)
  `(+ 1 (again ,x)))

(defprog p (:type :xdp)
  (return (again 5)))
