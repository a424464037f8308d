;; A comparison that is a value spoils no other value.
; run: values(data=bytes([40, 0, 7, 1, 2, 3] + [0] * 58)) -> out=[41, 40, 48, 42, 15, 1], value=0
; run: values(data=bytes([1, 1, 1, 1, 2, 3] + [0] * 58)) -> out=[1, 2, 3, 42, 15, 1], value=0
; run: known() -> out=[41, 40, 48]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((a (load u8 data)) (b (load u8 data 1)) (c (load u8 data 2))
          (x (load u8 data 3)) (y (load u8 data 4)) (z (load u8 data 5)))
      (setf (getmap out 0) (+ a (not b))
            (getmap out 1) (+ a (= b 1))
            (getmap out 2) (+ (+ a (= b c)) (+ (not b) (* c (< b 5))))
            (getmap out 3) (+ (* 10 (+ x y (< x y))) (- z (>= z y) (not x) (not y)) (- x y) (= y z) (/= y z))
            (getmap out 4) (logior (< x y) (<< (< y z) 1) (<< (< x z) 2) (<< (not (= x z)) 3))
            (getmap out 5) (- (+ x y) (- z (not 7)) (s> x y) (- (= x y) 1)))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((a 40) (b 0) (c 7))
    (setf (getmap out 0) (+ a (not b))
          (getmap out 1) (+ a (= b 1))
          (getmap out 2) (+ (+ a (= b c)) (+ (not b) (* c (< b 5))))))
  0)
