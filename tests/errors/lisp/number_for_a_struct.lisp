(defstruct flow (bytes u64) (packets u64))
(defmap flows :type :hash :key-size 4 :value-type flow :max-entries 16)

(defprog watch (:type :xdp)
  (setf (getmap flows 1) 7)
  XDP_PASS)
