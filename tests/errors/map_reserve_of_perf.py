from kring import PerfBuf, Struct, tracepoint, u64


class Event(Struct):
    n: u64


events = PerfBuf[Event]()


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    e = events.try_reserve()
