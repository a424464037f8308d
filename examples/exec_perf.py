#!/usr/bin/env python3
"""Show every program started on this machine, by a perf buffer for each CPU; losses are told."""
import sys
from time import strftime

from kring import PerfBuf, Struct, TracepointArgs, char, current, i32, load, tracepoint, u32


class Exec(Struct):
    pid: u32
    comm: str = char(16)
    filename: str = char(512)


class SchedProcessExec(TracepointArgs):
    filename: str
    pid: i32


events = PerfBuf[Exec]()  # 32 KiB for each CPU


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    # Too large for a program's stack: it is filled in memory that each CPU has for it.
    events.output(Exec(pid=current.pid, comm=current.comm, filename=ctx.filename))


if __name__ == "__main__":
    with load(on_exec) as s:
        print("TIME     EVENT PID     COMM             FILENAME")
        lost = 0
        while True:
            for e in s[events].poll():
                print(f"{strftime('%H:%M:%S')} EXEC  {e.pid:<7} {e.comm:<16} {e.filename}")
            if (now := s[events].dropped or 0) > lost:
                print(f"lost {now - lost} events", file=sys.stderr)
                lost = now
