(defun until (n)
  (loop while (> n 0) do (incf n)))

(defmacro steps (n) (until n))

(defprog p (:type :xdp)
  (steps 5))
