"""Programs that start programs, and the kernel program that watches one such parent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from kring import Program, RingBuf, Struct, TracepointArgs, char, current, i32, tracepoint, u32

TRUE = "/bin/true"

# Its children are reaped at the end only: until then no two of them can have the same id.
_PARENT = f"""
import os, sys
for line in sys.stdin:
    children = [os.posix_spawn("{TRUE}", ["true"], {{}}) for _ in range(int(line))]
    for child in children:
        os.waitpid(child, 0)
    print("done", flush=True)
"""


class Exec(Struct):
    pid: u32
    ppid: u32
    comm: str = char(16)
    filename: str = char(512)


class SchedProcessExec(TracepointArgs):
    filename: str
    pid: i32


def watch(parent: int, size: int = 256 * 1024) -> tuple[Program, RingBuf[Exec]]:
    """A program that records what the process `parent` starts, and nothing else, and its ring."""
    events = RingBuf[Exec](size)

    @tracepoint("sched:sched_process_exec")
    def on_exec(ctx: SchedProcessExec) -> None:
        ppid = current.task.real_parent.tgid
        if ppid != parent:
            return
        with events.reserve() as e:
            e.pid = current.pid
            e.ppid = ppid
            e.comm = current.comm
            e.filename = ctx.filename

    return on_exec, events


def spawn(path: str | Path = TRUE) -> int:
    """The id of a program that was started by this process and has ended."""
    pid = os.posix_spawn(path, [str(path)], {})
    os.waitpid(pid, 0)
    return pid


class Parent:
    """A process that starts short programs as fast as it can, when told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def start(self, count: int) -> None:
        """Have it start `count` programs."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Return when all programs of the last `start` have ended."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "done\n"


@contextmanager
def parent() -> Generator[Parent]:
    """A parent that has not started anything yet; it is gone when the block is left."""
    command = [sys.executable, "-S", "-c", _PARENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Parent(process)
        finally:
            process.kill()
