;; What an `or` begins with happens once.
; run: counted(data=bytes([1] + [0] * 63)) -> out=[1, 1, 2], value=0
; run: counted(data=bytes([255] + [0] * 63)) -> out=[0, 1, 1], value=0
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 4)
(defmap calls :type :hash :key-size 4 :value-size 8 :max-entries 4)

(defprog counted (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((a (- (load u8 data) 255)) (n 0))
      (setf (getmap out 0) (not (= 0 (or (progn (incf n) a) 0)))
            (getmap out 1) n)
      (when (or (incf n) (incf n))
        (setf (getmap out 2) (- n (= a 0))))
      0)))
