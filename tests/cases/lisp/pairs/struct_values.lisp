;; Bytes and packets by protocol, in a map of structs.
; run: account(data=bytes([7] + [0] * 63), times=2) -> usage={7: usage_value(packets=1, octets=5)}, value=2
(in-package #:whistler)
(defstruct usage-value (packets u64) (octets u64))
(defmap usage :type :hash :key-size 4 :value-type usage-value :max-entries 256)

(defprog account (:type :xdp)
  (with-packet (data data-end :min-len 4)
    (let ((word (load u32 data)))
      (if-let (found (getmap usage word))
        (setf (usage-value-packets found) 1 (usage-value-octets found) 5)
        (let ((fresh (make-usage-value)))
          (setf (usage-value-packets fresh) 0 (usage-value-octets fresh) 9)
          (setf (getmap usage word) fresh)))))
  XDP_PASS)
