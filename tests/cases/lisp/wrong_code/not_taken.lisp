;; What is not taken is 0.
; run: values(data=bytes([1] + [0] * 63)) -> out=[7, 7, 0, 7, 8, 7, 107], value=0
; run: values(data=bytes([0] + [0] * 63)) -> out=[0, 0, 7, 0, 0, 0, 100], value=0
; run: known() -> out=[0, 0, 7, 0]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((a (load u8 data)))
      (setf (getmap out 0) (if (= a 1) 7)
            (getmap out 1) (when (= a 1) 7)
            (getmap out 2) (unless (= a 1) 7)
            (getmap out 3) (cond ((= a 1) 7))
            (getmap out 4) (when-let ((x a)) (+ x 7))
            (getmap out 5) (case a (1 7))
            (getmap out 6) (+ 100 (if a 7)))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (setf (getmap out 0) (if (= 1 2) 7) (getmap out 1) (when nil 7)
        (getmap out 2) (unless nil 7) (getmap out 3) (when-let ((x 0)) 7))
  0)
