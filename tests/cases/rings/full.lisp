;; A ring that is full: the other branch is taken, and losses are counted where that is asked for.
; run: counted(data=bytes(64), times=5) -> lost=2, missed=[2], value=2
; run: by_hand(data=bytes(64), times=5) -> lost=2, missed=[2], value=2
; run: copied(data=bytes(64), times=5) -> lost=2, missed=[2], value=2
; run: tested_twice(data=bytes(64), times=5) -> lost=2, missed=[2], value=2

(defstruct large (words (array u64 128)))

(defmap events :type :ringbuf :max-entries 4096 :count-drops t)
(defmap missed :type :array :key-size 4 :value-size 8 :max-entries 1)
(defmap room :type :percpu-array :key-size 4 :value-type large :max-entries 1)

(defprog counted (:type :xdp)
  (with-ringbuf (ev events (sizeof large))
    (memset ev 0 0 (sizeof large))
    (:else (incf (getmap missed 0))))
  XDP_PASS)

(defprog by-hand (:type :xdp)
  (let ((ev (ringbuf-reserve events (sizeof large))))
    (if (not ev)
        (incf (getmap missed 0))
        (progn
          (memset ev 0 0 (sizeof large))
          (ringbuf-submit ev))))
  XDP_PASS)

(defprog copied (:type :xdp)
  (when-let ((from (getmap room 0)))
    (when (/= (ringbuf-output events from (sizeof large) 0) 0)
      (incf (getmap missed 0))))
  XDP_PASS)

(defprog tested-twice (:type :xdp)
  (let ((ev (ringbuf-reserve events (sizeof large) 0)))
    (when ev
      (memset ev 0 0 (sizeof large)))
    (unless ev
      (incf (getmap missed 0)))
    (when ev
      (ringbuf-discard ev 0)
      (return XDP_PASS)))
  XDP_PASS)
