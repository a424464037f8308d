from kring import PerfBuf, Struct, array, u32


class Event(Struct):
    pid: u32
    data: bytes = array(4096)


events = PerfBuf[Event](4096)
