(defmacro twice (form)
  `(+ ,form ,from))

(defprog p (:type :xdp)
  (return (twice 2)))
