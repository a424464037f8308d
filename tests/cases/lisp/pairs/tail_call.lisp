;; Goes on with another program, or counts that there is none.
; run: jump(data=bytes(64)) -> value=2, missing=[1]
(in-package #:whistler)
(defmap jumps :type :prog-array :key-size 4 :value-size 4 :max-entries 4)
(defmap missing :type :array :key-size 4 :value-size 8 :max-entries 1)

(defprog jump (:type :xdp)
  (tail-call jumps 1)
  (incf (getmap missing 0))
  XDP_PASS)
