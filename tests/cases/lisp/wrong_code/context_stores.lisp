;; The context is written by a program that reads nothing of it.
; run: only_writes(data=bytes(64)) -> value=7
; run: raw(data=bytes(64)) -> value=7
; run: copied(data=bytes(64)) -> out=[11, 12], value=0
; engines: vm kernel
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 2)

(defprog only-writes (:type :tc)
  (setf (ctx mark) 5)
  7)

(defprog raw (:type :tc)
  (setf (ctx u32 8) 5)
  7)

(defprog copied (:type :tc)
  (setf (ctx mark) 11 (ctx cb 2) 12)
  (setf (getmap out 0) (ctx mark) (getmap out 1) (ctx cb 2))
  0)
