;; Loops of `dotimes`: those of many rounds are counted by the kernel.
; run: sums(data=bytes(64)) -> out=[12497500, 0], value=2
; run: nested(data=bytes(64)) -> out=[4500, 4361], value=2
; run: leaves(data=bytes(64)) -> out=[100, 0], value=1
; run: leaves_both(data=bytes(64)) -> out=[1001, 0], value=3
; run: with_a_record(data=bytes(64)) -> events=[event(n=4999)], value=1
; run: finds(data=bytes(64), table=[3, 9, 7, 5, 7, 1]) -> out=[7, 5], value=2
; run: finds(data=bytes(64), table=[3, 9, 5, 5, 2, 1]) -> out=[1, 0], value=2

(defstruct event (n u64))

(defmap out :type :array :key-size 4 :value-size 8 :max-entries 2)
(defmap table :type :array :key-size 4 :value-size 8 :max-entries 6)
(defmap events :type :ringbuf :max-entries 4096)

(defprog sums (:type :xdp)
  (let ((sum 0))
    (dotimes (i 5000)
      (setf sum (+ sum i)))
    (setf (getmap out 0) sum))
  XDP_PASS)

(defprog nested (:type :xdp)
  (let ((rounds 0) (last 0))
    (dotimes (i 50)
      (dotimes (j 90)
        (incf rounds)
        (setf last (* i j))))
    (setf (getmap out 0) rounds
          (getmap out 1) last))
  XDP_PASS)

(defprog leaves (:type :xdp)
  (dotimes (i 1000000)
    (when (= (* i i) 10000)
      (setf (getmap out 0) i)
      (return XDP_DROP)))
  XDP_PASS)

(defprog leaves-both (:type :xdp)
  (dotimes (i 5000)
    (dotimes (j 3)
      (when (= (+ i j) 1001)
        (setf (getmap out 0) (+ i j))
        (return XDP_TX))))
  XDP_PASS)

(defprog with-a-record (:type :xdp)
  (dotimes (i 5000)
    (when (= i 4999)
      (with-ringbuf (ev events (sizeof event))
        (setf (event-n ev) i)
        (ringbuf-submit ev)
        (return XDP_DROP))))
  XDP_PASS)

(defprog finds (:type :xdp)
  (let ((found 0) (at 0))
    (dotimes (i 5000)
      (let ((one (map-lookup table i)))
        (when (and one (= (load u64 one) 7))
          (setf found one at (+ i 1)))))
    (setf (getmap out 0) (if found (load u64 found) 1)
          (getmap out 1) at))
  XDP_PASS)
