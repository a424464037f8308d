(defprog watch (:type :xdp)
  (ntohs)
  XDP_PASS)
