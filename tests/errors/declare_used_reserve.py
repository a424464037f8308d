from kring import RingBuf, Struct, u32
class Event(Struct):
    pid: u32


events = RingBuf[Event](4096)
with events.reserve() as e:
    pass
