;; A swapped number compared with a constant, the last byte of an address above 127 too.
; run: values(data=bytes([192, 168, 1, 128, 0x45, 0x23, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7] + [0] * 48)) -> out=[1, 1, 0, 7, 1, 0, 1], value=0
; run: values(data=bytes([192, 168, 1, 127, 0x45, 0x23, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0] + [0] * 48)) -> out=[0, 0, 0, 0x0700000000000000, 0, 0, 1], value=0
; run: known() -> out=[1, 0x0100000000000000, 0x0807060504030201, 0x0100]
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defconstant +address+ #xc0a80180)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((address (load u32 data)) (wide (load u32 data 4)) (long (load u64 data 8)))
      (setf (getmap out 0) (= (ntohl address) +address+)
            (getmap out 1) (= (ntohl address) #xc0a80180)
            (getmap out 2) (= (ntohs wide) #x12345)
            (getmap out 3) (ntohll long)
            (getmap out 4) (= (ntohll long) 7)
            (getmap out 5) (= (ntohs wide) wide)
            (getmap out 6) (= (ntohs wide) #x4523))
      0)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (setf (getmap out 0) (= (ntohl (htonl +address+)) +address+)
        (getmap out 1) (ntohll 1)
        (getmap out 2) (htonll #x0102030405060708)
        (getmap out 3) (ntohs #x10001))
  0)
