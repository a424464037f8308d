from kring import RingBuf
events = RingBuf(4096)
