(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (core-store u32 (get-current-task-btf) 0 1 task-struct tgid))
