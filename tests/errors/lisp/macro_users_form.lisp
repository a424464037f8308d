(defmacro drop-when (test)
  `(when ,test (return XDP_DROP)))

(defprog p (:type :xdp)
  (let ((port 80))
    (drop-when (= prot 80)))
  XDP_PASS)
