from kring import RingBuf, Struct, u32
class Event(Struct):
    pid: u32


events = RingBuf[Event](4096)
for e in events:
    pass
