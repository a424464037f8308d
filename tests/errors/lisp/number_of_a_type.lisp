(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (kernel-load u8 (ld-btf-id #x80000000)))
