;; Drops the packets of who sent one less than a second ago.
; run: limit(data=bytes(64)) -> value=2
; run: limit(data=bytes(64), times=2) -> value=1
(in-package #:whistler)
(defmap last :type :hash :key-size 4 :value-size 8 :max-entries 1024)
(defconstant +second+ 1000000000)

(defprog limit (:type :xdp)
  (with-packet (data data-end :min-len 4)
    (let ((source (load u32 data)) (now (ktime-get-ns)))
      (when-let ((before (map-lookup last source)))
        (when (< (- now (load u64 before)) +second+)
          (return XDP_DROP)))
      (setf (getmap last source) now)))
  XDP_PASS)
