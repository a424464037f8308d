;; An element is set at an index that only running tells, whatever its size.
; run: sets(data=bytes([2, 1, 3] + [0] * 61)) -> out=[0x55, 0x7755, 0x99887755, 0x1122334455667788, 0x55, 6], value=0
; run: sets(data=bytes([6, 5, 7] + [0] * 61)) -> out=[0x55, 0x7755, 0x99887755, 0x1122334455667788, 0x55, 6], value=0
(in-package #:whistler)
(defstruct rec
  (bytes (array u8 4)) (shorts (array u16 4)) (words (array u32 4)) (wide (array u64 2)))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defmap recs :type :array :key-size 4 :value-type rec :max-entries 1)

(defprog sets (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)) (r (make-rec)))
    (when (> (+ data 64) end) (return 99))
    (let ((i (logand (load u8 data) 3)) (j (logand (load u8 data 1) 1))
          (k (logand (load u8 data 2) 3)))
      (setf (rec-bytes r i) #x55 (rec-shorts r i) #x7755 (rec-words r k) #x99887755
            (rec-wide r j) #x1122334455667788)
      (setf (getmap out 0) (rec-bytes r 2) (getmap out 1) (rec-shorts r 2)
            (getmap out 2) (rec-words r k) (getmap out 3) (rec-wide r 1))
      (when-let ((q (getmap recs 0)))
        (setf (rec-words q k) #x55)
        (incf (rec-shorts q i) 6)
        (setf (getmap out 4) (rec-words q 3) (getmap out 5) (rec-shorts q 2))
        (setf (rec-shorts q i) 0))
      0)))
