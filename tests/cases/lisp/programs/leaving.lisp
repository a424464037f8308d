;; `return` leaves the program from anywhere; what stands behind it in a form is not done.
; run: in_an_operand(data=bytes([1] + [0] * 63)) -> value=11, out=[0]
; run: in_an_operand(data=bytes([2] + [0] * 63)) -> value=2, out=[4]
; run: in_a_loop(data=bytes([0, 0, 5] + [0] * 61)) -> value=2, out=[2]
; run: in_a_loop(data=bytes(64)) -> value=99, out=[4]
; run: always(data=bytes(64)) -> value=7, out=[1]
; run: always_in_places(data=bytes(64)) -> value=3, out=[0]
; run: always_with_a_record(data=bytes(64)) -> value=4, events=[]
; run: nothing(data=bytes(64)) -> value=0
; run: twice(data=bytes([9] + [0] * 63)) -> value=9
(in-package #:whistler)
(defstruct rec (num u64) (words (array u32 4)))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 1)
(defmap recs :type :hash :key-size 24 :value-type rec :max-entries 4)
(defmap events :type :ringbuf :max-entries 4096)

(defmacro in-packet (&body body)
  `(let ((data (ctx data)) (end (ctx data-end)))
     (if (> (+ data 64) end) 98 (progn ,@body))))

(defprog in-an-operand (:type :xdp)
  (in-packet
    (let ((a (load u8 data)))
      (setf (getmap out 0) (+ a (if (= a 1) (return 11) a)))
      2)))

(defprog in-a-loop (:type :xdp)
  (in-packet
    (dotimes (i 4)
      (setf (getmap out 0) i)
      (when (load u8 (+ data i)) (return i)))
    (setf (getmap out 0) 4)
    99))

(defprog always (:type :xdp)
  (setf (getmap out 0) 1)
  (return 7)
  (setf (getmap out 0) 2))

(defprog always-in-places (:type :xdp)
  (let ((r (make-rec)) (n 0))
    (setf n (if (= n 0) (return 3) 1)
          (rec-num r) 5
          (rec-words r 3) 1
          (getmap out 0) 6
          (getmap recs r) r)
    (incf (rec-words r (return 2)) (rec-num r))
    (map-update-ptr recs (progn (return 1) r) r)
    n))

(defprog always-with-a-record (:type :xdp)
  (with-ringbuf (ev events (sizeof rec))
    (setf (rec-num ev) (return 4) (rec-words ev 1) 6)
    (ringbuf-submit ev 0)))

(defprog nothing (:type :xdp)
  (progn (return) 5))

(defprog twice (:type :xdp)
  (in-packet
    (let ((a (load u8 data)))
      (return (+ 1 (return a))))))
