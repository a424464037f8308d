"""The kernel half of `kring exec --via output`: a record is filled, then copied into the ring.

In:  nothing. Out: `on_exec`, and `events`, which it sends records through.
"""

from __future__ import annotations

from kring import RingBuf, current, tracepoint
from kring.tools.exec import Exec, SchedProcessExec

events = RingBuf[Exec](256 * 1024)


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    ppid = current.task.real_parent.tgid
    events.output(Exec(pid=current.pid, ppid=ppid, comm=current.comm, filename=ctx.filename))
