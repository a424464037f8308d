(defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 64)
(defprog watch (:type :xdp)
  (setf (getmap counts 0) (mapcar #'1+ '(1 2)))
  XDP_PASS)
