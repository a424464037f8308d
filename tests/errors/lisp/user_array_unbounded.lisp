(defprog watch (:type :tracepoint :section "tracepoint/syscalls/sys_enter_execve")
  (do-user-ptrs (p (ctx u64 24) 5 most)
    (trace-printk "%d" p))
  0)
