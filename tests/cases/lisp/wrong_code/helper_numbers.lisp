;; Helpers by the kernel's numbers: the three that Whistler has wrong.
; run: works(data=bytes(64)) -> out=[1, 1, 1], value=0
; engines: kernel
(in-package #:whistler)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 3)

(defprog works (:type :xdp)
  (let ((coarse (ktime-get-coarse-ns)) (now (ktime-get-ns)))
    (setf (getmap out 0) (and (<= coarse now) (< (- now coarse) 1000000000)))
    (setf (getmap out 1) (> (ktime-get-tai-ns) 1500000000000000000))
    (setf (getmap out 2) (/= (get-current-task-btf) 0))
    0))
