(defprog watch (:type :xpd)
  XDP_PASS)
