;; The ways to send a record, or not to.
; run: submitted(data=bytes([7]) + bytes(63)) -> events=[event(kind=7, length=64)], value=2
; run: flags(data=bytes([7]) + bytes(63)) -> events=[event(kind=7, length=64)], value=2
; run: nested(data=bytes([7]) + bytes(63)) -> events=[event(kind=1, length=0)], others=[event(kind=2, length=0)], value=2
; run: left(data=bytes([7]) + bytes(63)) -> events=[], value=1
; run: left(data=bytes([8]) + bytes(63)) -> events=[event(kind=8, length=64)], value=2
; run: discarded(data=bytes([7]) + bytes(63)) -> events=[], value=1
; run: discarded(data=bytes([8]) + bytes(63)) -> events=[event(kind=8, length=64)], value=2
; run: sent_early(data=bytes([7]) + bytes(63)) -> events=[event(kind=7, length=1)], value=1
; run: both_left(data=bytes([7]) + bytes(63)) -> events=[], others=[], value=3
; run: in_a_loop(data=bytes(64)) -> events=[event(kind=0, length=0), event(kind=2, length=0)], value=2
; run: worth(data=bytes([7]) + bytes(63)) -> out=[0, 0, 5], value=2
; run: from_a_map(data=bytes(64), kept=[event(kind=4, length=9)]) -> events=[event(kind=4, length=9)], value=2

(defstruct event (kind u32) (length u32))

(defmap events :type :ringbuf :max-entries 4096)
(defmap others :type :ringbuf :max-entries 4096)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 3)
(defmap kept :type :array :key-size 4 :value-type event :max-entries 1)

(defmacro with-first-byte ((name) &body body)
  (let ((data (gensym)) (end (gensym)))
    `(let ((,data (ctx data)) (,end (ctx data-end)))
       (when (> (+ ,data 1) ,end)
         (return XDP_ABORTED))
       (let ((,name (load u8 ,data 0))
             (size (- ,end ,data)))
         ,@body))))

(defprog submitted (:type :xdp)
  (with-first-byte (kind)
    (with-ringbuf (ev events (sizeof event))
      (setf (event-kind ev) kind
            (event-length ev) size)))
  XDP_PASS)

(defprog flags (:type :xdp)
  (with-first-byte (kind)
    (with-ringbuf (ev events (sizeof event) :flags 0 :submit-flags BPF_RB_FORCE_WAKEUP)
      (setf (event-kind ev) kind
            (event-length ev) size)))
  XDP_PASS)

(defprog nested (:type :xdp)
  (with-ringbuf (one events (sizeof event))
    (with-ringbuf (two others (sizeof event))
      (setf (event-kind one) 1 (event-length one) 0
            (event-kind two) 2 (event-length two) 0)))
  XDP_PASS)

(defprog left (:type :xdp)
  (with-first-byte (kind)
    (with-ringbuf (ev events (sizeof event))
      (setf (event-kind ev) kind)
      (when (= kind 7)
        (return XDP_DROP))
      (setf (event-length ev) size)))
  XDP_PASS)

(defprog discarded (:type :xdp)
  (with-first-byte (kind)
    (with-ringbuf (ev events (sizeof event))
      (when (= kind 7)
        (ringbuf-discard ev 0)
        (return XDP_DROP))
      (setf (event-kind ev) kind
            (event-length ev) size)))
  XDP_PASS)

(defprog sent-early (:type :xdp)
  (with-first-byte (kind)
    (with-ringbuf (ev events (sizeof event))
      (setf (event-kind ev) kind
            (event-length ev) 1)
      (ringbuf-submit ev 0)
      (return XDP_DROP)))
  XDP_PASS)

(defprog both-left (:type :xdp)
  (with-ringbuf (one events (sizeof event))
    (with-ringbuf (two others (sizeof event))
      (setf (event-kind one) 1 (event-kind two) 2)
      (return XDP_TX)))
  XDP_PASS)

(defprog in-a-loop (:type :xdp)
  (dotimes (i 4)
    (let ((ev (ringbuf-reserve events (sizeof event) 0)))
      (when ev
        (setf (event-kind ev) i (event-length ev) 0)
        (if (logand i 1)
            (ringbuf-discard ev 0)
            (ringbuf-submit ev 0)))))
  XDP_PASS)

(defprog worth (:type :xdp)
  (setf (getmap out 0) (with-ringbuf (ev events (sizeof event))
                         (memset ev 0 0 (sizeof event)))
        (getmap out 1) (let ((ev (make-event)))
                         (ringbuf-output events ev (sizeof event) 0))
        (getmap out 2) (+ 5 (let ((ev (ringbuf-reserve events (sizeof event) 0)))
                              (when ev
                                (ringbuf-discard ev 0)))))
  XDP_PASS)

(defprog from-a-map (:type :xdp)
  (when-let ((value (getmap kept 0)))
    (ringbuf-output events value (sizeof event) 0))
  XDP_PASS)
