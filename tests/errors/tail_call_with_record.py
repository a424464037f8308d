from kring import ProgArray, RingBuf, Struct, tracepoint, u64


class Event(Struct):
    n: u64


events = RingBuf[Event](4096)
jumps = ProgArray(4)


@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    with events.reserve() as e:
        e.n = 1
        jumps.tail_call(2)
