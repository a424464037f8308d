(defprog watch (:type :xdp)
  (let ((5 1))
    (return 0))
  XDP_PASS)
