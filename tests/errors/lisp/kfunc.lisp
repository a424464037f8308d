(defkfunc bpf-cpumask-first ((mask (ptr cpumask))) u32)
(defprog watch (:type :xdp) XDP_PASS)
