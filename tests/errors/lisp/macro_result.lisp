(defmacro later (form)
  (list 'progn (lambda () form)))

(defprog p (:type :xdp)
  (later 1))
