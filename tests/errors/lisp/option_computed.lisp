(defparameter *rings* '(1 2))
(defmap events :type :ringbuf :max-entries (* 4096 (length rings)))
(defprog p (:type :xdp) XDP_PASS)
