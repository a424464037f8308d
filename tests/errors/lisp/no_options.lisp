(defprog watch
  XDP_PASS)
