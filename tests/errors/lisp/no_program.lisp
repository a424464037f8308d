(defstruct event (pid u32) (port u16) (comm (array u8 16)))
(defmap events :type :ringbuf :max-entries 4096)
