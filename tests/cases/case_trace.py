"""The kernel's trace as this thread's programs write it, read from a trace of our own.

A mount of tracefs that no path leads to, and in it an instance that only we read: nobody else's
trace changes, and nothing stays behind.
"""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Self

from kring.run.kernel.syscall import Fds
from kring.run.kernel.tracefs import Tracefs

_EVENT = "events/bpf_trace/bpf_trace_printk/enable"
_MARK = "bpf_trace_printk: "


class Trace:
    """Whatever `trace_printk` writes from entering on."""

    def __enter__(self) -> Self:
        self._fds = Fds()
        self._root = Tracefs(self._fds).root()
        self._name = f"instances/kring-{os.getpid()}-{threading.get_native_id()}"
        os.mkdir(self._name, dir_fd=self._root)
        self._write(_EVENT, b"1")
        self._pipe = os.open(
            f"{self._name}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK, dir_fd=self._root
        )
        return self

    def lines(self) -> list[str]:
        """What this thread wrote since, line by line."""
        text = b""
        try:
            while more := os.read(self._pipe, 65536):
                text += more
        except BlockingIOError:
            pass
        own = f"-{threading.get_native_id()} "
        return [
            line.partition(_MARK)[2]
            for line in text.decode().splitlines()
            if own in line and _MARK in line
        ]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._pipe)
        os.rmdir(self._name, dir_fd=self._root)
        self._fds.close()

    def _write(self, path: str, data: bytes) -> None:
        fd = os.open(f"{self._name}/{path}", os.O_WRONLY | os.O_TRUNC, dir_fd=self._root)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
