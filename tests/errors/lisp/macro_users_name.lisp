(defmacro drop-when (test)
  `(when (= ,test 80) (return XDP_DROP)))

(defprog p (:type :xdp)
  (let ((port 80))
    (drop-when prot))
  XDP_PASS)
