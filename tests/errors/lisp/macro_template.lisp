(defmacro checked-drop (test)
  `(when ,test
     (retrun XDP_DROP)))

(defprog p (:type :xdp)
  (checked-drop (= (ctx rx-queue-index) 1))
  XDP_PASS)
