(defmacro log-it (&opt level &body body)
  `(progn ,@body))

(defprog p (:type :xdp) XDP_PASS)
