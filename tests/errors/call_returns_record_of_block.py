from kring import Discard, RingBuf, Struct, current, tracepoint, u32
class Exec(Struct):
    pid: u32


events = RingBuf[Exec](4096)


def opened() -> Exec | None:
    with events.reserve() as e:
        return e


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    e = opened()
    if e is not None:
        e.pid = current.pid
