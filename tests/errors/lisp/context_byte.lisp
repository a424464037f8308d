(defprog watch (:type :xdp)
  (+ (ctx u8 13) (ctx u16 18)))
(defprog shape (:type :tc)
  (ctx u64 56))
