from kring import RingBuf, Struct, char
class Event(Struct):
    name: str = char(5000)


events = RingBuf[Event](4096)
