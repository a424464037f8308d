;; The current task's fields, directly and through a helper, in a loop, and through a record by hand.
; run: typed() -> out=[me.pid, me.tid, 1, me.pid, 0], seen=[who(comm=me.comm)]
; run: bare() -> out=[me.pid, me.tid, 1, me.pid, 0], seen=[who(comm=me.comm)]
; run: many() -> out=[me.pid * 4, 0, 0, 0, 0]

(import-kernel-struct task-struct pid tgid comm group-leader)

(defstruct who (comm (array char 16)))

(defmap seen :type :ringbuf :max-entries 4096)
(defmap out :type :array :key-size 4 :value-size 8 :max-entries 5)

(defmacro look (task)
  `(let ((task ,task))
     (setf (getmap out 0) (task-struct-tgid task)
           (getmap out 1) (task-struct-pid task)
           (getmap out 2) (= (task-struct-pid (task-struct-group-leader task))
                             (task-struct-tgid task))
           (getmap out 3) (core-load u32 task 12 task-struct tgid)
           (getmap out 4) (task-struct-pid 0))
     (with-ringbuf (ev seen (sizeof who))
       (probe-read-kernel-str (who-comm-ptr ev) 16 (task-struct-comm task)))
     0))

(defprog typed (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (look (get-current-task-btf)))

(defprog bare (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (look (get-current-task)))

(defprog many (:type :raw-tracepoint :section "raw_tp/sys_enter")
  (let ((at (get-current-task-btf)) (sum 0))
    (dotimes (i 4)
      (incf sum (task-struct-tgid at))
      (setf at (task-struct-group-leader at)))
    (setf (getmap out 0) sum))
  0)
