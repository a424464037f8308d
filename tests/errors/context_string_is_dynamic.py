# load
from kring import RingBuf, Struct, TracepointArgs, char, current, tracepoint, u32
class Exec(Struct):
    pid: u32
    comm: str = char(16)


events = RingBuf[Exec](4096)


class Args(TracepointArgs):
    filename: str = char(16)


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: Args) -> None:
    with events.reserve() as e:
        e.comm = ctx.filename
