from kring import Struct, u32
class Event(Struct):
    pid: u32


e = Event(pid=1)
e.pid = 2
