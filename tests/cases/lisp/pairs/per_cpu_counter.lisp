;; Counts on each CPU for itself.
; run: count(data=bytes(64), times=3) -> packets=[0, 3], value=2
(in-package #:whistler)
(defmap packets :type :percpu-array :key-size 4 :value-size 8 :max-entries 2)

(defprog count (:type :xdp)
  (incf (getmap packets 1))
  XDP_PASS)
