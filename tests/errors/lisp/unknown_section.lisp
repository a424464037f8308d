(defprog watch (:section "tracepont/sched/sched_switch")
  0)
