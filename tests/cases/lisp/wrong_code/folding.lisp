;; What is known while compiling is computed as it would be at run time: without signs.
; run: known() -> out=[0, 0xffffffff, 0x7ffffffffffffffc, 5, 0, 1, 0x7fffffffffffffff, -1 & 0xffffffffffffffff]
; run: values(data=b"\xff" * 8 + b"\xf8" + b"\xff" * 7 + bytes(48)) -> out=[0, 0xffffffff, 0x7ffffffffffffffc, 5, 0, 1, 0x7fffffffffffffff, -1 & 0xffffffffffffffff], value=0
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 8)
(defconstant +less+ -1)

(defmacro results (less eight)
  `(setf (getmap out 0) (< ,less 1)
         (getmap out 1) (>> ,less 32)
         (getmap out 2) (/ ,eight 2)
         (getmap out 3) (mod ,less 10)
         (getmap out 4) (<= ,less 5)
         (getmap out 5) (s< ,less 1)
         (getmap out 6) (ash ,less -1)
         (getmap out 7) (>>> ,less 5)))

(defprog known (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (results -1 -8)
  (results +less+ (- 8))
  0)

(defprog values (:type :xdp)
  (let ((data (ctx data)) (end (ctx data-end)))
    (when (> (+ data 64) end) (return 99))
    (let ((less (load u64 data)) (eight (load u64 data 8)))
      (results less eight)
      0)))
