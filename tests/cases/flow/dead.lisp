;; Operands behind one that leaves the program are never evaluated, and compile all the same.
; run: leaves(data=bytes([1]) + bytes(63)) -> value=1
; run: leaves(data=bytes([2]) + bytes(63)) -> value=4
; run: leaves(data=bytes([3]) + bytes(63)) -> value=2, recs=[rec(tag=0, num=0)]
; run: leaves(data=bytes([4]) + bytes(63)) -> value=3
; run: leaves(data=bytes([5]) + bytes(63)) -> value=0, recs=[rec(tag=0, num=7)]

(defstruct rec (tag u8) (num u32))

(defmap recs :type :array :key-size 4 :value-type rec :max-entries 1)
(defmap events :type :ringbuf :max-entries 4096)

(defprog leaves (:type :xdp)
  (with-eth (data end)
    (let ((r (make-rec)) (key (load u8 data)) (z 0))
      (setf (rec-num r) 7)
      (case key
        (1 (+ (return 1) (load u32 r)))
        (2 (setf (getmap recs (return 4)) r))
        (3 (setf z (return 2)
                 (rec-num r) z
                 (getmap recs 0) r))
        (4 (+ (return 3)
              (ringbuf-output events r (sizeof rec) 0)
              (get-current-comm r 4)
              (with-ringbuf (ev events (sizeof rec))
                (setf (rec-num ev) z)))))
      (setf (getmap recs 0) r)))
  XDP_ABORTED)
