;; `sizeof` of what is defined before counts in options and in constants.
; run: sizes(data=bytes(64)) -> value=60, flows={flow(src=1, dst=2, port=3): 4}
(defstruct flow (src u32) (dst u32) (port u16))
(defstruct report (first u64) (rest (array u32 9)))
(defconstant +rest+ (- (sizeof report) 8))
(defconstant +all+ (+ (sizeof flow) (sizeof report)))
(defmap flows :type :hash :key-type flow :value-size (* 2 (/ (sizeof flow) 3)) :max-entries 4)

(defprog sizes (:type :xdp)
  (let ((f (make-flow)))
    (setf (flow-src f) 1 (flow-dst f) 2 (flow-port f) 3)
    (incf (getmap flows f) 4))
  +all+)
