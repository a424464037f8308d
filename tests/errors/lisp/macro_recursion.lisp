(defun down (n) (if (= n 0) nil (cons n (down n))))

(defmacro countdown (n) `(progn ,@(down n)))

(defprog p (:type :xdp)
  (countdown 5))
