(defstruct event (pid uint32_t))
(defprog watch (:type :xdp)
  (return XDP_DROP)
  XDP_PASS)
