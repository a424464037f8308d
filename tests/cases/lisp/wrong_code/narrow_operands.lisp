;; Narrow operands are computed with in 64 bits.
; run: values(data=bytes([255] * 16 + [0] * 48)) -> out=[0xfffffffe00000001, 0xffffffff00, 0xffffffff0000, 0, 0, 0, 0xfe01], value=0
; run: known() -> out=[0xfffffffe00000001, 0xffffffff00, 0xffffffff0000, 0, 0, 0]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)

(defmacro results (a b c d)
  `(setf (getmap out 0) (* ,a ,b)
         (getmap out 1) (<< ,a 8)
         (getmap out 2) (<< ,a 16)
         (getmap out 3) (>> ,a 32)
         (getmap out 4) (>> ,c 40)
         (getmap out 5) (>> ,d 33)))

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((a u32 (load u32 data)) (b (load u32 data 4)) (c (load u8 data 8)) (d u16 (load u16 data 10)))
      (results a b c d)
      (setf (getmap out 6) (* c (load u8 data 9)))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((a u32 #xffffffff) (b u32 #xffffffff) (c u8 255) (d u16 65535))
    (results a b c d))
  0)
