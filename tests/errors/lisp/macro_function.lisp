(defmacro name (prefix)
  (list 'quote (intern (string-upcas prefix))))

(defprog p (:type :xdp)
  (name "a"))
