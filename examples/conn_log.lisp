;;; Show every TCP connection that begins: sudo kring run conn_log.lisp --interface eth0
;;; Addresses are numbers in network order.

(in-package #:whistler)

(defstruct conn-event
  (src-addr u32)
  (dst-addr u32)
  (dst-port u16)
  (proto u8)
  (pad u8))

(defmap events :type :ringbuf :max-entries (* 64 1024) :count-drops t)

(defmacro first-of-connection-p (tcp)
  `(= (logand (tcp-flags ,tcp) (logior +tcp-syn+ +tcp-ack+)) +tcp-syn+))

(defprog log-connections (:type :xdp :license "GPL")
  (with-tcp (data data-end tcp)
    (when (first-of-connection-p tcp)
      (let ((ip (+ data +eth-hdr-len+)))
        (with-ringbuf (ev events (sizeof conn-event))
          (setf (conn-event-src-addr ev) (ipv4-src-addr ip)
                (conn-event-dst-addr ev) (ipv4-dst-addr ip)
                (conn-event-dst-port ev) (tcp-dst-port tcp)
                (conn-event-proto ev) +ip-proto-tcp+
                (conn-event-pad ev) 0)))))
  XDP_PASS)
