(defmacro fill (n)
  (loop repeat n collect (make-list n :initial-element 0)))

(defprog p (:type :xdp)
  (fill 1000))
