(defmacro with-limit ((name most) &body body)
  `(let ((,name ,most)) ,@body))

(defprog p (:type :xdp)
  (with-limit n
    (return n)))
