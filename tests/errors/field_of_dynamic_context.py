# load
from kring import Context, RingBuf, Struct, char, tracepoint, u32
class Exec(Struct):
    pid: u32
    comm: str = char(16)


events = RingBuf[Exec](4096)


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: Context) -> None:
    with events.reserve() as e:
        e.pid = ctx.pdi
