;; A small number as the key of a map with large keys fills the key.
; run: filled(data=bytes([5] + [0] * 63), times=2) -> counts={5: 2, 7: 4, 0xff: 2, 0xffffffffffffffff: 2}, value=0
; run: known(times=3) -> counts={5: 3}
(in-package #:whistler)
(defmap counts :type :hash :key-size 8 :value-size 8 :max-entries 16)

(defprog filled (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)) (rubbish (struct-alloc 64)))
    (memset rubbish 0 #xff 64)
    (when (> (+ data 64) end) (return 99))
    (incf (getmap counts (load u8 data)))
    (incf (getmap counts 7) 2)
    (let ((k u8 (cast u8 (load u64 rubbish)))) (incf (getmap counts k)))
    (incf (getmap counts -1))
    0))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (incf (getmap counts 5))
  0)
