"""Every program started on this machine, one line each: the classic `exec` listing.

In:  a session that has loaded a kernel half: `on_exec`, or another of `kernel_half`.
Out: `snoop(session, …)`, which prints until told to stop, and says how many events were lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import strftime

from kring import (
    PerfBuf,
    Program,
    RingBuf,
    Session,
    Struct,
    TracepointArgs,
    char,
    current,
    i32,
    tracepoint,
    u32,
)
from kring.tools.live import follow, printable


class Exec(Struct):
    pid: u32
    ppid: u32
    comm: str = char(16)
    filename: str = char(512)


class SchedProcessExec(TracepointArgs):
    filename: str
    pid: i32


events = RingBuf[Exec](256 * 1024)

Half = tuple[Program, "RingBuf[Exec] | PerfBuf[Exec]"]
"""A program that sends events, and what it sends them through."""


@tracepoint("sched:sched_process_exec")
def on_exec(ctx: SchedProcessExec) -> None:
    with events.reserve() as e:
        e.pid = current.pid
        e.ppid = current.task.real_parent.tgid
        e.comm = current.comm
        e.filename = ctx.filename


def kernel_half(via: str) -> Half:
    """The kernel half that sends events in this way: `reserve`, the one above, or a filled record
    by `output` to a ring, or by `perf` to perf buffers."""
    if via == "reserve":
        return on_exec, events
    if via == "output":
        from kring.tools import exec_output

        return exec_output.on_exec, exec_output.events
    from kring.tools import exec_perf

    return exec_perf.on_exec, exec_perf.events


def snoop(
    session: Session,
    half: Half,
    json: bool = False,
    ppid: bool = False,
    count: int | None = None,
    duration: float | None = None,
) -> None:
    """Print events as they come, then on standard error how many there were and how many lost."""
    program, through = half
    stream = session[through]
    report = _nothing if isinstance(through, RingBuf) else _reporter(session, through)
    line = _json_line() if json else _with_ppid if ppid else _classic
    if not json:
        print("TIME     EVENT PID     " + "PPID    " * ppid + "COMM             FILENAME")

    def step(timeout: float, most: int) -> int:
        records = stream.poll(timeout, most)
        for e in records:
            print(line(e))
        report()
        return len(records)

    sys.stdout.flush()
    shown = follow(step, count, duration)
    # Without new ones coming, printing what is still there makes the two numbers add up.
    session[program].detach()
    while count is None and (more := step(0, 1024)):
        shown += more
    sys.stdout.flush()
    print(f"{shown} events, {stream.dropped} lost", file=sys.stderr)


def _reporter(session: Session, through: PerfBuf[Exec]) -> Callable[[], None]:
    from kring.tools.exec_perf import reporter

    return reporter(session[through])


def _nothing() -> None:
    """Nothing is to be reported of a ring before the end."""


def _classic(e: Exec) -> str:
    return f"{_now()} EXEC  {e.pid:<7} {printable(e.comm):<16} {printable(e.filename)}"


def _with_ppid(e: Exec) -> str:
    return f"{_now()} EXEC  {e.pid:<7} {e.ppid:<7} {printable(e.comm):<16} {printable(e.filename)}"


def _json_line() -> Callable[[Exec], str]:
    from json import dumps

    def line(e: Exec) -> str:
        names = {"pid": e.pid, "ppid": e.ppid, "comm": e.comm, "filename": e.filename}
        return dumps({"time": _now(), "event": "EXEC", **names})

    return line


def _now() -> str:
    return strftime("%H:%M:%S")
