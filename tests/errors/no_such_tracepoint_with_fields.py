# load
from kring import Array, TracepointArgs, i32, tracepoint


class Args(TracepointArgs):
    pid: i32


pids = Array[i32](1)


@tracepoint("sched:sched_process_exc")
def on_exec(ctx: Args) -> None:
    pids[0] = ctx.pid
