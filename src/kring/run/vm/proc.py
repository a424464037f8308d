"""New programs as /proc shows them: events for programs that hook `HOOK`, without privileges.

In:  nothing. Out: `new_processes()`, an endless feed: an `Event` for each process that began to run
     a program, None while there is none.
Rule: /proc is a picture, looked at every few milliseconds. A process that came and went between
two looks is never seen; one that runs its parent's program on has begun none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import monotonic

from kring.record import record
from kring.run.vm.feed import Event
from kring.run.vm.task import Task

HOOK = "sched:sched_process_exec"

_LOOK_S = 0.01
# A process execs soon after its fork or, like `exec` in a shell, perhaps much later: those who are
# new are looked at each time, all others once in a while.
_YOUNG_S = 1.0
_SWEEP_S = 0.5


@record
class Process:
    """A process as it was at one look; `began` tells it from one that gets the same pid later."""

    pid: int
    ppid: int
    comm: str
    began: int
    exe: str
    arguments: bytes

    @property
    def filename(self) -> str:
        return self.exe or os.fsdecode(self.arguments.partition(b"\0")[0])


@record
class _Seen:
    """A process at the last look, and when it was seen first."""

    process: Process
    first: float

    def is_young(self, now: float) -> bool:
        return now < self.first + _YOUNG_S


def new_processes(root: str = "/proc") -> Iterator[Event | None]:
    """An event for each process that begins to run a program from now on; None between looks."""
    seen: dict[int, _Seen] = {}
    for _ in _look(root, seen, monotonic(), True):
        # What runs already is no news.
        continue
    return _watch(root, seen)


def _watch(root: str, seen: dict[int, _Seen]) -> Iterator[Event | None]:
    next_look = next_sweep = 0.0
    while True:
        now = monotonic()
        if now >= next_look:
            sweep = now >= next_sweep
            next_look, next_sweep = now + _LOOK_S, now + _SWEEP_S if sweep else next_sweep
            yield from _look(root, seen, now, sweep)
        yield None


def _look(root: str, seen: dict[int, _Seen], now: float, sweep: bool) -> Iterator[Event]:
    """What began since the last look, which `seen` remembers."""
    pids = _pids(root)
    for gone in seen.keys() - pids:
        del seen[gone]
    for pid in sorted(pids):
        before = seen.get(pid)
        if before and not sweep and not before.is_young(now):
            continue
        process = read(root, pid)
        if process is None:
            continue
        if before is None or before.process.began != process.began:
            before = None
        seen[pid] = _Seen(process, before.first if before else now)
        parent = seen[process.ppid].process if process.ppid in seen else None
        if _has_begun(process, before, parent, now):
            yield _event(root, process, parent)


def _has_begun(process: Process, before: _Seen | None, parent: Process | None, now: float) -> bool:
    """Whether it runs another program than before, or than its parent if it is new."""
    if not process.exe and not process.arguments:
        return False  # a kernel thread
    if before and not before.is_young(now):
        # Daemons rewrite their arguments to show what they do.
        return process.exe != before.process.exe
    was = before.process if before else parent
    return was is None or (process.exe, process.arguments) != (was.exe, was.arguments)


def _event(root: str, process: Process, parent: Process | None) -> Event:
    pid = process.pid
    uid, gid = _owner(root, pid)
    of_parent = parent.comm if parent else ""
    task = Task(pid, pid, process.ppid, process.comm, uid, gid, of_parent)
    return Event(HOOK, {"filename": process.filename, "pid": pid, "old_pid": pid}, task)


def _pids(root: str) -> set[int]:
    return {int(name) for name in os.listdir(root) if name.isdecimal()}


def read(root: str, pid: int) -> Process | None:
    """The process as it is now, None if it is gone or ending."""
    try:
        with open(f"{root}/{pid}/stat", "rb") as file:
            head, _, tail = file.read().rpartition(b")")
        with open(f"{root}/{pid}/cmdline", "rb") as file:
            arguments = file.read()
    except OSError:
        return None
    words = tail.split()
    if not words or words[0] in (b"Z", b"X"):
        return None
    comm = os.fsdecode(head.partition(b"(")[2])
    return Process(pid, int(words[1]), comm, int(words[19]), _exe(root, pid), arguments)


def _exe(root: str, pid: int) -> str:
    """The program's file, empty where it may not be read: other users', kernel threads'."""
    try:
        return os.readlink(f"{root}/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return ""


def _owner(root: str, pid: int) -> tuple[int, int]:
    try:
        status = os.stat(f"{root}/{pid}")
    except OSError:
        return 0, 0
    return status.st_uid, status.st_gid
