;; A TCP parser that sends a record for every packet, written where the reader sees it.
; run: log_connections(data=bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + bytes([6]) + bytes(2) + b"\xc0\0\2\1\xc0\0\2\2" + b"\0\x50\0\x59" + bytes(18)) -> events=[conn_event(src_addr=0x010200C0, dst_addr=0x020200C0, dst_port=89, proto=6, pad=0)], value=2
; run: log_connections(data=bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + bytes([17]) + bytes(2) + b"\xc0\0\2\1\xc0\0\2\2" + b"\0\x50\0\x59" + bytes(18)) -> events=[], value=2
; run: log_connections(data=bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + bytes([6]) + bytes(2) + b"\xc0\0\2\1\xc0\0\2\2" + b"\0\x50\0\x59" + bytes(15)) -> events=[], value=2
; run: log_connections(data=bytes(60)) -> events=[], value=2

(defstruct conn-event
  (src-addr u32) (dst-addr u32) (dst-port u16) (proto u8) (pad u8))

(defmap events :type :ringbuf :max-entries 4096)

(defprog log-connections (:type :xdp)
  (with-tcp (data data-end tcp)
    (let ((ip (+ data +eth-hdr-len+)))
      (with-ringbuf (ev events (sizeof conn-event))
        (setf (conn-event-src-addr ev) (ipv4-src-addr ip)
              (conn-event-dst-addr ev) (ipv4-dst-addr ip)
              (conn-event-dst-port ev) (tcp-dst-port tcp)
              (conn-event-proto ev) +ip-proto-tcp+
              (conn-event-pad ev) 0))))
  XDP_PASS)
