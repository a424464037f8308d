;; (or a b) is a where a is not 0, and a is evaluated once.
; run: values(data=bytes([7, 5, 0, 0] + [0] * 60)) -> out=[7, 5, 0, 7, 12, 9], seen={1: 1}
; run: values(data=bytes([0, 5, 3, 0] + [0] * 60)) -> out=[5, 5, 3, 5, 8, 9], seen={1: 1}
; run: known() -> out=[7, 5, 0]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defmap seen :type :hash :key-size 4 :value-size 8 :max-entries 8)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((a (load u8 data)) (b (load u8 data 1)) (c (load u8 data 2)) (d (load u8 data 3)))
      (setf (getmap out 0) (or a b)
            (getmap out 1) (or d b a)
            (getmap out 2) (or c d)
            (getmap out 3) (if (or a b) (or a b) 99)
            (getmap out 4) (+ (or a c) (or d b))
            (getmap out 5) (or (progn (incf (getmap seen 1)) 9) (progn (incf (getmap seen 2)) 8)))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (setf (getmap out 0) (or 7 5) (getmap out 1) (or 0 5) (getmap out 2) (or 0 nil))
  0)
