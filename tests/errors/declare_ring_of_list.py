from kring import RingBuf
events = RingBuf[list](4096)
