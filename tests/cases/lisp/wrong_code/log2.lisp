;; log2 counts up to the 64th bit.
; run: values(data=bytes([0, 0, 0, 0, 1, 0, 0, 0] + [0] * 7 + [0x80] + [0] * 48)) -> out=[32, 63, 0, 0], value=0
; run: values(data=bytes([255] * 4 + [0] * 4 + [255] * 8 + [1] + [0] * 47)) -> out=[31, 63, 0, 0], value=0
; run: known() -> out=[32, 63, 0, 0]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (setf (getmap out 0) (log2 (load u64 data))
          (getmap out 1) (log2 (load u64 data 8))
          (getmap out 2) (log2 (load u64 data 16))
          (getmap out 3) (log2 (load u64 data 24)))
    0))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (setf (getmap out 0) (log2 #x100000000) (getmap out 1) (log2 -1)
        (getmap out 2) (log2 1) (getmap out 3) (log2 0))
  0)
