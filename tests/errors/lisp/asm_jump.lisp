(defprog leave (:type :xdp)
  (asm :ja 0 0 2 0)
  XDP_PASS)
