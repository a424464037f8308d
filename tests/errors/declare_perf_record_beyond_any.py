from kring import PerfBuf, Struct, array, u32


class Event(Struct):
    pid: u32
    data: bytes = array(65536)


events = PerfBuf[Event](1024 * 1024)
