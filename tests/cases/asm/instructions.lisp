;; Instructions of the machine, as they are: `asm`.
; engines: vm kernel
; run: adds(data=bytes(64)) -> out=[42, 7, 0], value=2
; run: stack(data=bytes(64)) -> out=[77, 5, 82], value=2
; run: wide(data=bytes(64)) -> out=[0x123456789abcdef0, 0x9abcdef0, 0xffffffffffffffff], value=2
; run: helper(data=bytes(64)) -> out=[1, 1, 64], value=2
; run: atomic(data=bytes(64)) -> out=[40, 42, 0], value=2
; run: in_a_loop(data=bytes(64)) -> out=[0, 10, 20], value=2

(defmap out :type :array :key-size 4 :value-size 8 :max-entries 3)

(defprog adds (:type :xdp)
  (let ((seven (+ 5 (load-first))))
    (asm :mov64 r1 0 0 40)
    (asm #xb7 2 0 0 2)
    (asm :add64-x r1 r2 0 0)
    (let ((sum (asm :mov r0 r1 0 0)))
      (setf (getmap out 0) sum
            (getmap out 1) seven
            (getmap out 2) (asm :mov64 r3 0 0 9))))
  XDP_PASS)

(defmacro load-first ()
  `(let ((data (ctx data)))
     (if (> (+ data 1) (ctx data-end)) 0 (+ 2 (load u8 data)))))

(defprog stack (:type :xdp)
  (let ((five 5) (place (struct-alloc 8)))
    (store u64 place 0 five)
    (asm :mov64 r1 r10 0 0)
    (asm :stdw r10 0 -8 77)
    (asm :add64 r1 0 0 -8)
    (let ((own (asm :ldxdw r0 r1 0 0)))
      (setf (getmap out 0) own
            (getmap out 1) (load u64 place)
            (getmap out 2) (+ own five))))
  XDP_PASS)

(defprog wide (:type :xdp)
  (setf (getmap out 0) (asm :lddw 0 0 0 #x123456789abcdef0))
  (asm :lddw 0 0 0 #x123456789abcdef0)
  (setf (getmap out 1) (asm :mov32 r0 r0 0 0)
        (getmap out 2) (asm :mov64 0 0 0 -1))
  XDP_PASS)

;; What is wanted behind a helper's call is kept in other registers.
(defprog helper (:type :xdp)
  (let ((size (- (ctx data-end) (ctx data)))
        (cpu (get-smp-processor-id)))
    (setf (getmap out 0) (= (asm :call 0 0 0 8) cpu)
          (getmap out 1) (> (asm #x85 0 0 0 5) 0)
          (getmap out 2) size))
  XDP_PASS)

(defprog atomic (:type :xdp)
  (asm :stdw r10 0 -16 40)
  (asm :mov64 r0 0 0 2)
  (let ((old (asm :lock-fetch-add r10 r0 -16 0)))
    (setf (getmap out 0) old
          (getmap out 1) (asm :ldxdw r0 r10 -16 0)))
  XDP_PASS)

(defprog in-a-loop (:type :xdp)
  (dotimes (i 3)
    (asm :mov64 r0 0 0 10)
    (setf (getmap out i) (* i (asm :mov64 r0 r0 0 0))))
  XDP_PASS)
