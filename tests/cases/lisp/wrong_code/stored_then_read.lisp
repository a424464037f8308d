;; What was stored in a narrow field is read back narrow.
; run: values(data=bytes([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11] + [0] * 56)) -> out=[0x88, 0x7788, 0x55667788, 0x88, 0x7788, 0x12], value=0
; run: known() -> out=[0x88, 0x7788, 0x55667788]
(in-package #:whistler)
(defstruct rec (one u8) (two u16) (four u32) (bytes (array u8 4)))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)

(defmacro results (wide)
  `(let ((r (make-rec)))
     (setf (rec-one r) ,wide (rec-two r) ,wide (rec-four r) ,wide (rec-bytes r 2) ,wide)
     (setf (getmap out 0) (rec-one r) (getmap out 1) (rec-two r) (getmap out 2) (rec-four r)
           (getmap out 3) (rec-bytes r 2))))

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((wide (load u64 data)) (p (struct-alloc 8)))
      (results wide)
      (store u16 p 0 wide)
      (setf (getmap out 4) (load u64 p))
      (store u8 data 40 #x3412)
      (setf (getmap out 5) (load u8 data 40))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (results #x1122334455667788)
  0)
