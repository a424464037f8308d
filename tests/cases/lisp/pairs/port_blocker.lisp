;; Drops TCP packets to a port, and counts them.
; run: block(data=bytes(12) + b"\x08\x00" + bytes(9) + b"\x06" + bytes(12) + b"\x27\x0f" + bytes(30), times=2) -> value=1, blocked=[2]
; run: block(data=bytes(12) + b"\x08\x00" + bytes(9) + b"\x11" + bytes(12) + b"\x27\x0f" + bytes(30)) -> value=2, blocked=[0]
(in-package #:whistler)
(defmap blocked :type :array :key-size 4 :value-size 8 :max-entries 1)
(defconstant +port+ 9999)

(defprog block (:type :xdp)
  (with-packet (data data-end :min-len 54)
    (let ((ip (+ data 14)) (tcp (+ data 34)))
      (when (and (= (eth-type data) +ethertype-ipv4+)
                 (= (ipv4-protocol ip) +ip-proto-tcp+)
                 (= (tcp-dst-port tcp) +port+))
        (incf (getmap blocked 0))
        (return XDP_DROP))))
  XDP_PASS)
