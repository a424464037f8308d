(defprog keep (:type :xdp)
  (asm :mov64 r6 r1 0 0)
  XDP_PASS)
