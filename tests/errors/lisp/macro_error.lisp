(defmacro port (number)
  (unless (< 0 number 65536)
    (error "~a is no port: they are 1 to ~d" number 65535))
  number)

(defprog p (:type :xdp)
  (return (port 70000)))
