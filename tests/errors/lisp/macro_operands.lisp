(defmacro drop-if (test &optional (verdict 'XDP_DROP))
  "Leave the program if something holds."
  `(when ,test (return ,verdict)))

(defprog p (:type :xdp)
  (drop-if 1 2 3)
  XDP_PASS)
