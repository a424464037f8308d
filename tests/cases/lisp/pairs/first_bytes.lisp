;; Keeps what packets begin with, and drops those that begin with some.
; run: first(data=bytes([1, 2, 3, 4] + [0] * 60), times=2) -> seen={0x04030201: 1}, value=2
; run: first(data=bytes([5, 0, 0, 0] + [0] * 60)) -> seen={5: 1}, value=1
(in-package #:whistler)
(defmap seen :type :hash :key-size 4 :value-size 8 :max-entries 64)

(defprog first (:type :xdp)
  (with-packet (data data-end :min-len 4)
    (setf (getmap seen (load u32 data)) 1)
    (if (= (load u32 data) 5) XDP_DROP XDP_PASS)))
