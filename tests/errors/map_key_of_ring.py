from kring import RingBuf, Struct, tracepoint, u64


class Event(Struct):
    n: u64


events = RingBuf[Event](4096)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    events[1] = Event(n=1)
