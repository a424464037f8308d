"""Who is running, as a record."""

# run: watch() -> events=[Event(pid=me.pid, uid=me.uid, comm=me.comm)]
from kring import RingBuf, Struct, char, current, raw_tracepoint, u32


class Event(Struct):
    pid: u32
    uid: u32
    comm: str = char(16)


events = RingBuf[Event](4096, count_drops=False)


@raw_tracepoint("sys_enter")
def watch() -> None:
    with events.reserve() as e:
        e.pid = current.pid
        e.uid = current.uid
        e.comm = current.comm
