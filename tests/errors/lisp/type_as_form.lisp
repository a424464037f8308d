(defprog count (:type :xdp)
  (let ((key (u16 7)))
    (logand key 3)))
