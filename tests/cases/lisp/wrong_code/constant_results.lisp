;; A program whose ways end in numbers leaves with the number of the way it took, not with what a
;; helper left behind.
; run: chosen(data=bytes([1] + [0] * 63)) -> value=2
; run: chosen(data=bytes([3] + [0] * 63)) -> value=1
; run: after_helper(data=bytes([1] + [0] * 63)) -> value=1
; run: after_helper(data=bytes([2] + [0] * 63)) -> value=3
; run: after_helper(data=bytes([9] + [0] * 63)) -> value=2
; run: both(data=bytes([1, 7] + [0] * 62)) -> value=7
; run: both(data=bytes([0, 7] + [0] * 62)) -> value=0
; run: compared(data=bytes([5] + [0] * 63)) -> value=1
; run: compared(data=bytes([6] + [0] * 63)) -> value=0
; run: nothing(data=bytes([1] + [0] * 63)) -> value=0
; run: known(data=bytes(64)) -> value=2
; run: known_case(data=bytes(64)) -> value=3
(in-package #:whistler)

(defmacro byte-of (at) `(load u8 data ,at))
(defmacro in-packet (&body body)
  `(let ((data (ctx data)) (end (ctx data-end)))
     (if (> (+ data 64) end) 99 (progn ,@body))))

(defprog chosen (:type :xdp)
  (in-packet (if (= (byte-of 0) 1) XDP_PASS XDP_DROP)))

(defprog after-helper (:type :xdp)
  (in-packet
    (let ((now (ktime-get-ns)))
      (cond ((= now 0) XDP_ABORTED)
            ((= (byte-of 0) 1) XDP_DROP)
            ((= (byte-of 0) 2) XDP_TX)
            (t XDP_PASS)))))

(defprog both (:type :xdp)
  (in-packet (and (byte-of 0) (byte-of 1))))

(defprog compared (:type :xdp)
  (in-packet (ktime-get-ns) (= (byte-of 0) 5)))

(defprog nothing (:type :xdp)
  (in-packet (ktime-get-ns) (when (= (byte-of 0) 2) XDP_TX)))

(defprog known (:type :xdp)
  (ktime-get-ns)
  (if (= 1 1) XDP_PASS XDP_DROP))

(defprog known-case (:type :xdp)
  (case 7 ((1 2) XDP_DROP) ((6 7) XDP_TX) (t XDP_PASS)))
