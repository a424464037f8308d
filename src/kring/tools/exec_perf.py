"""The kernel half of `kring exec --via perf`: a record is filled, then copied into the perf buffer
of the CPU that it happened on.

In:  nothing. Out: `on_exec`, `events`, which it sends records through, and `reporter`, which says
what found no room there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from kring import PerfBuf, PerfHandle, current, tracepoint
from kring.tools.exec import Exec, SchedProcessExec

events = PerfBuf[Exec]()


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    ppid = current.task.real_parent.tgid
    events.output(Exec(pid=current.pid, ppid=ppid, comm=current.comm, filename=ctx.filename))


def reporter(stream: PerfHandle[Exec]) -> Callable[[], None]:
    """What says, on standard error, how many samples each CPU lost since it was last called."""
    known: dict[int, int] = {}

    def report() -> None:
        for cpu, lost in (stream.lost or {}).items():
            if more := lost - known.get(cpu, 0):
                known[cpu] = lost
                print(f"lost {more} samples on CPU {cpu}", file=sys.stderr)

    return report
