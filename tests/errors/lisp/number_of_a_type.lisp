(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (ld-btf-id 1234))
