(defmap counts :type :hash :key-size 4 :value-size 8 :max-entries 64)
(defprog one (:type :xdp)
  (getmap count 0))

(defprog two (:type :xdp)
  (getmap counts))
