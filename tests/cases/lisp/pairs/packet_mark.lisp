;; Marks packets, and keeps how long they are.
; run: mark(data=bytes(64)) -> value=0, lengths={64: 1}
; run: mark(data=bytes(14)) -> value=0, lengths={14: 1}
(in-package #:whistler)
(defmap lengths :type :hash :key-size 4 :value-size 8 :max-entries 64)

(defprog mark (:type :tc)
  (setf (ctx mark) 7)
  (setf (getmap lengths (ctx len)) 1)
  TC_ACT_OK)
