;; A record that one program writes on the stack and copies.
; run: send() -> events=[tick(cpu=0, number=7, mark=0x1122334455667788)], value=0
(in-package #:whistler)
(defstruct tick (cpu u32) (number u32) (mark u64))
(defmap events :type :ringbuf :max-entries 4096)

(defprog send (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((ev (make-tick)))
    (setf (tick-cpu ev) 0 (tick-number ev) 7 (tick-mark ev) #x1122334455667788)
    (ringbuf-output events ev (sizeof tick) 0))
  0)
