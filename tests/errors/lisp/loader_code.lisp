(defmap seen :type :ringbuf :max-entries 4096)
(defprog watch (:type :xdp) XDP_PASS)
(let ((ring (open-ring-consumer 'seen #'print)))
  (loop (ring-poll ring)))
