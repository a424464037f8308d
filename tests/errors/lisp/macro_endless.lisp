(defun first-above (n numbers)
  (loop until nil))

(defmacro steps (n) (first-above n '(1 2 3)))

(defprog p (:type :xdp)
  (steps 5))
