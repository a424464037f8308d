(defconstant +ports+ '(22 80 443))
(defprog watch (:type :xdp)
  (= (ctx rx-queue-index) +ports+))
