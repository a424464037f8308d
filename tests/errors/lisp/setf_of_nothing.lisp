(defprog watch (:type :xdp)
  (let ((x 1))
    (setf x 1 x))
  XDP_PASS)
