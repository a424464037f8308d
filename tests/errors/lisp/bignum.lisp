(defconstant +all+ (expt 10 (expt 10 10)))
(defprog p (:type :xdp) XDP_PASS)
