;; Variables that are one pointer or another, or 0, where paths meet.
; run: either(data=bytes([1]) + bytes(63), one={1: 40}) -> out=[40, 0], value=2
; run: either(data=bytes([2]) + bytes(63), one={1: 40}, two={2: 50}) -> out=[50, 0], value=2
; run: either(data=bytes([3]) + bytes(63), one={1: 40}, two={2: 50}) -> out=[7, 0], value=2
; run: first_found(data=bytes([1]) + bytes(63), one={1: 40}, two={1: 50}) -> out=[40, 0], value=2
; run: first_found(data=bytes([1]) + bytes(63), two={1: 50}) -> out=[50, 0], value=2
; run: first_found(data=bytes([1]) + bytes(63)) -> out=[0, 1], value=2
; run: stack_or_map(data=bytes([1]) + bytes(63), one={1: 40}) -> out=[41, 0], one={1: 41}, value=2
; run: stack_or_map(data=bytes([1]) + bytes(63)) -> out=[1, 0], one={}, value=2
; run: record_or_stack(data=bytes([0]) + bytes(63)) -> out=[9, 0], events=[], value=2
; run: record_or_stack(data=bytes([1]) + bytes(63)) -> out=[9, 0], events=[event(n=9)], value=2
; run: made_where_missing(data=bytes([5]) + bytes(63)) -> one={5: 1}, value=2
; run: made_where_missing(data=bytes([5]) + bytes(63), one={5: 6}) -> one={5: 7}, value=2
; run: into_the_packet(data=bytes([4, 5, 6, 7, 8]) + bytes(59)) -> out=[8, 0], value=2
; run: into_the_packet(data=bytes([9, 5, 6, 7, 8]) + bytes(59)) -> out=[0, 0], value=2
; run: through_a_macro(data=bytes([2]) + bytes(63), two={2: 50}) -> out=[50, 1], value=2
; run: last_of_a_loop(data=bytes([3]) + bytes(63), one={1: 40, 3: 60, 4: 70}) -> out=[60, 0], value=2
; run: last_of_a_loop(data=bytes([3]) + bytes(63)) -> out=[0, 1], value=2
; run: number_or_pointer(data=bytes([1]) + bytes(63), one={1: 40}) -> out=[3, 0], value=2

(defstruct event (n u64))

(defmap one :type :hash :key-size 8 :value-size 8 :max-entries 8)
(defmap two :type :hash :key-size 8 :value-size 8 :max-entries 8)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 2)
(defmap events :type :ringbuf :max-entries 4096)

(defmacro with-key ((name) &body body)
  `(let ((data (ctx data)))
     (when (> (+ data 1) (ctx data-end))
       (return XDP_ABORTED))
     (let ((,name (load u8 data)))
       ,@body)))

(defprog either (:type :xdp)
  (with-key (key)
    (let ((p (cond ((= key 1) (map-lookup one key))
                   ((= key 2) (map-lookup two key))
                   (t 0))))
      (setf (getmap out 0) (if p (load u64 p) 7))))
  XDP_PASS)

(defprog first-found (:type :xdp)
  (with-key (key)
    (let ((p (or (map-lookup one key) (map-lookup two key))))
      (if (= p 0)
          (setf (getmap out 1) 1)
          (setf (getmap out 0) (load u64 p)))))
  XDP_PASS)

(defprog stack-or-map (:type :xdp)
  (with-key (key)
    (let* ((spare (struct-alloc 8))
           (p (or (map-lookup one key) spare)))
      (store u64 p 0 (+ (load u64 p) 1))
      (setf (getmap out 0) (load u64 p))))
  XDP_PASS)

(defprog record-or-stack (:type :xdp)
  (with-key (key)
    (let* ((spare (make-event))
           (record (if (= key 1) (ringbuf-reserve events (sizeof event)) 0))
           (p (or record spare)))
      (setf (event-n p) 9
            (getmap out 0) (event-n p))
      (when record
        (ringbuf-submit record))))
  XDP_PASS)

(defprog made-where-missing (:type :xdp)
  (with-key (key)
    (let ((p (map-lookup one key)))
      (unless p
        (map-update one key 0)
        (setf p (map-lookup one key)))
      (when p
        (atomic-add p 0 1))))
  XDP_PASS)

(defprog into-the-packet (:type :xdp)
  (with-key (key)
    (let ((p (if (< key 8) (+ data key) 0)))
      (when (and p (<= (+ p 1) (ctx data-end)))
        (setf (getmap out 0) (load u8 p)))))
  XDP_PASS)

(defmacro found-in (map key)
  `(when (/= ,key 0) (map-lookup ,map ,key)))

(defprog through-a-macro (:type :xdp)
  (with-key (key)
    (let ((p (found-in two key)) (q 0))
      (setf q p)
      (when-let ((r q))
        (setf (getmap out 0) (load u64 r)
              (getmap out 1) (/= q 0)))))
  XDP_PASS)

(defprog last-of-a-loop (:type :xdp)
  (with-key (key)
    (let ((p 0))
      (dotimes (i 4)
        (when (<= i key)
          (let ((found (map-lookup one i)))
            (when found
              (setf p found)))))
      (setf (getmap out 0) (if p (load u64 p) 0)
            (getmap out 1) (not p))))
  XDP_PASS)

;; What is a number here and a pointer there is fine while nobody uses it.
(defprog number-or-pointer (:type :xdp)
  (with-key (key)
    (let ((x 3))
      (dotimes (i 2)
        (setf x (map-lookup one key))
        (when x
          (setf x (load u64 x))))
      (setf x 3
            (getmap out 0) x)))
  XDP_PASS)
