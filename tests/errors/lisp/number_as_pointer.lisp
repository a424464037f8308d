(defprog watch (:type :xdp)
  (load u32 (ctx rx-queue-index) 0)
  XDP_PASS)
