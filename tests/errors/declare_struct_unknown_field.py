from kring import Struct, u32
class Event(Struct):
    pid: u32


e = Event(pdi=1)
