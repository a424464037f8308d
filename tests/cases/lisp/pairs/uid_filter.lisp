;; Counts the system calls of one user.
; run: watch(times=2) -> calls=[2 * (me.uid == 0)]
(in-package #:whistler)
(defmap calls :type :array :key-size 4 :value-size 8 :max-entries 1)

(defprog watch (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (when (= (cast u32 (get-current-uid-gid)) 0)
    (incf (getmap calls 0)))
  0)
