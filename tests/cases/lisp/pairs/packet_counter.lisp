;; Counts packets.
; run: count(data=bytes(64), times=3) -> packets=[3], value=2
(in-package #:whistler)
(defmap packets :type :array :key-size 4 :value-size 8 :max-entries 1)

(defprog count (:type :xdp)
  (incf (getmap packets 0))
  XDP_PASS)
