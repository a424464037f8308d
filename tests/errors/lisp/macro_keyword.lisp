(defmacro with-limit ((name &key (most 10) unit) &body body)
  `(let ((,name ,most)) ,unit ,@body))

(defprog p (:type :xdp)
  (with-limit (n :mots 20)
    (return n)))
