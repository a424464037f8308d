;; A variable of an outer form is set; one of none is refused (tests/errors/lisp/variable.lisp).
; run: sets(data=bytes([7] + [0] * 63)) -> out=[14], value=14
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 1)

(defprog sets (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)) (x 1))
    (when (> (+ data 64) end) (return 99))
    (let ((y (load u8 data)))
      (when (> y 1) (setf x (* 2 y)))
      (setf (getmap out 0) x))
    x))
