(defprog watch (:type :xdp)
  (let ((packets 1))
    (setf packet 2))
  XDP_PASS)
