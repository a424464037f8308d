(defstruct event (pid u32) (pid u64))
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
