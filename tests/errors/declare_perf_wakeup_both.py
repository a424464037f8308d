from kring import PerfBuf, Struct, u32


class Event(Struct):
    pid: u32


events = PerfBuf[Event](4096, wakeup_events=1, wakeup_watermark=64)
