;; The time and the processor of an event, in a struct of a map.
; run: keep(data=bytes([3] + [0] * 63)) -> value=2
(in-package #:whistler)
(defstruct stamp (when u64) (cpu u32) (interface u32))
(defmap stamps :type :array :key-size 4 :value-type stamp :max-entries 4)

(defprog keep (:type :xdp)
  (when-let ((stamp (getmap stamps 2)))
    (setf (stamp-when stamp) (ktime-get-ns)
          (stamp-cpu stamp) (get-smp-processor-id)
          (stamp-interface stamp) (ctx ingress-ifindex)))
  XDP_PASS)
