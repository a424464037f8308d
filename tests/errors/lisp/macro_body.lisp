(defmacro total (&rest numbers)
  (let ((sum 0))
    (dolist (n numbers)
      (setf sum (+ sum n)))
    sum))

(defprog p (:type :xdp)
  (total 1 2 (ctx data)))
