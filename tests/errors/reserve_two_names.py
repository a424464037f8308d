"""One reservation under two names, compared under both."""
from kring import RingBuf, Struct, current, syscall, u32


class Event(Struct):
    pid: u32


events = RingBuf[Event](4096)


@syscall
def two() -> None:
    e = events.try_reserve()
    f = e
    if e is not None:
        e.pid = current.pid
    if f is not None:
        events.submit(f)
