"""The command line in a process of its own."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

KRING = [sys.executable, "-m", "kring"]
SOON_S = 20.0

HEAD = """
from kring import RingBuf, Struct, TracepointArgs, char, current, tracepoint, u32

class Exec(Struct):
    pid: u32
    comm: str = char(16)

events = RingBuf[Exec](4096)
"""
EXEC = """
@tracepoint("sched:sched_process_exec")
def on_exec() -> None:
    with events.reserve() as e:
        e.pid = current.pid
        e.comm = current.comm
"""


def kring(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a command that ends by itself gave."""
    return subprocess.run(
        [*KRING, *map(str, words)], capture_output=True, text=True, timeout=SOON_S * 2, cwd=cwd
    )


class Running:
    """A command that goes on; its lines come as it flushes them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self, containing: str = "", within_s: float = SOON_S) -> str:
        """The next line with that text; queue.Empty if none comes in time."""
        end = monotonic() + within_s
        while True:
            line = self._lines.get(timeout=max(end - monotonic(), 0.01))
            if containing in line:
                return line

    def error_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().rstrip("\n")

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Exit code and the rest of standard error after a signal."""
        self.process.send_signal(number)
        assert self.process.stderr is not None
        text = self.process.stderr.read()
        return self.process.wait(SOON_S), text


@contextmanager
def running(*words: str | Path) -> Iterator[Running]:
    process = subprocess.Popen(
        [*KRING, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()


def spawn(path: str | Path, *words: str) -> int:
    """The id of a program that was started by this process and has ended."""
    pid = os.posix_spawn(path, [str(path), *words], {})
    os.waitpid(pid, 0)
    return pid


def shows_records(path: Path) -> None:
    """That `kring run` of the program `EXEC` prints its records below a header, and sums up."""
    with running("run", path) as command:
        assert command.error_line() == "kring: running on_exec; Ctrl-C ends"
        pid = spawn("/bin/true")
        assert command.line() == "PID      COMM"
        assert command.line(f"{pid} ") == f"{pid:<8} true"
        code, error = command.stop()
    assert code == 0
    assert re.fullmatch(r"events: \d+ events, 0 lost\n", error)
