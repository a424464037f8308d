(defmacro offset (path)
  (with-open-file (s path) (read s)))

(defprog p (:type :xdp)
  (return (offset "/etc/passwd")))
