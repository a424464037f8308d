"""A filtered exec event with a walk through the task: what good code for it looks like."""
from kring import RingBuf, Struct, TracepointArgs, char, current, i32, tracepoint, u32

PARENT = 1


class Exec(Struct):
    pid: u32
    ppid: u32
    comm: str = char(16)
    filename: str = char(64)


class SchedProcessExec(TracepointArgs):
    filename: str
    pid: i32


events = RingBuf[Exec](4096)


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    parent = current.task.real_parent.tgid
    if parent != PARENT:
        return
    with events.reserve() as e:
        e.pid = ctx.pid
        e.ppid = parent
        e.comm = current.comm
        e.filename = ctx.filename
