;; (setf (getmap m k) pointer) of a map of structs stores the struct.
; run: stores(data=bytes([9, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1] + [0] * 52)) -> points={9: point(x=9, y=0x0102030405060708)}, cells=[point(), point(x=9, y=0x0102030405060708)], value=1
; run: known() -> points={1: point(x=3, y=4)}
(in-package #:whistler)
(defstruct point (x u32) (y u64))
(defmap points :type :hash :key-size 4 :value-type point :max-entries 4)
(defmap cells :type :array :key-size 4 :value-type point :max-entries 2)

(defprog stores (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)) (p (make-point)))
    (when (> (+ data 64) end) (return 99))
    (setf (point-x p) (load u32 data) (point-y p) (load u64 data 4))
    (setf (getmap points (load u32 data)) p)
    (setf (getmap cells 1) p)
    (if-let (q (getmap points 9)) (= (point-y q) (load u64 data 4)) 5)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((p (make-point)))
    (setf (point-x p) 3 (point-y p) 4)
    (setf (getmap points 1) p))
  0)
