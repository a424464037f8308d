#!/usr/bin/env python3
"""Show every program started on this machine, by records that are filled, then copied to a ring."""
from time import strftime

from kring import RingBuf, Struct, TracepointArgs, char, current, i32, load, tracepoint, u32


class Exec(Struct):
    pid: u32
    comm: str = char(16)
    filename: str = char(512)


class SchedProcessExec(TracepointArgs):
    filename: str
    pid: i32


events = RingBuf[Exec](256 * 1024)


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    events.output(Exec(pid=current.pid, comm=current.comm, filename=ctx.filename))


if __name__ == "__main__":
    with load(on_exec) as s:
        print("TIME     EVENT PID     COMM             FILENAME")
        for e in s[events]:
            print(f"{strftime('%H:%M:%S')} EXEC  {e.pid:<7} {e.comm:<16} {e.filename}")
