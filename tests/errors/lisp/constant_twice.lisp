(defconstant +limit+ 10)
(defconstant +limit+ 20)
(defprog p (:type :xdp) (return +limit+))
