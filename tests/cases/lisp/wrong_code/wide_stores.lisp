;; A constant of 64 bits is stored whole, in a record too.
; run: stores(data=bytes(64)) -> out=[0x123456789abcdef0, 0xdeadbeefcafef00d, 0xfedcba9876543210, 0xabababababababab, 0xffffffff80000000, 0x80000000], value=0
; run: sends() -> events=[event(tag=0x9abcdef09abcdef0, low=0x80000000)]
(in-package #:whistler)
(defstruct event (tag u64) (low u64))
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defmap events :type :ringbuf :max-entries 4096)
(defconstant +big+ #xdeadbeefcafef00d)

(defprog stores (:type :xdp)
  (let ((p (struct-alloc 16)) (ev (make-event)))
    (store u64 p 0 #x123456789abcdef0)
    (setf (getmap out 0) (load u64 p))
    (setf (event-tag ev) +big+)
    (setf (getmap out 1) (event-tag ev))
    (setf (getmap out 2) #xfedcba9876543210)
    (memset p 0 #xab 16)
    (setf (getmap out 3) (load u64 p 8))
    (store u64 p 0 #xffffffff80000000)
    (setf (getmap out 4) (load u64 p))
    (store u64 p 0 #x80000000)
    (setf (getmap out 5) (load u64 p))
    0))

(defprog sends (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (with-ringbuf (ev events (sizeof event))
    (setf (event-tag ev) #x9abcdef09abcdef0
          (event-low ev) #x80000000))
  0)
