(defprog p (:type :xdp) XDP_PASS)
#| what is left out
