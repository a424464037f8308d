"""Perf buffers: what `output` says, and that nothing was lost."""

# run: sent() -> out=[1, 1], lost=0
from kring import Array, PerfBuf, Struct, i64, raw_tracepoint, u32


class Event(Struct):
    id: u32


events = PerfBuf[Event](4096)
out = Array[i64](2)


@raw_tracepoint("sched_switch")
def sent() -> None:
    out[0] = events.output(Event(id=1))
    event = Event(id=2)
    out[1] = events.output(event)
