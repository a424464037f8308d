"""Waiting for streams: poll(2), which sees all data, whatever wake-up the producer asked for.

A long-lived epoll registration misses data submitted without a wake-up; every poll looks afresh.
An eventfd ends the wait from other threads, since closing a polled descriptor does not.
"""

from __future__ import annotations

import os
from _thread import RLock
from collections.abc import Callable, Sequence
from select import POLLIN, poll
from time import monotonic

from kring.run.kernel.syscall import Fds
from kring.run.target import Wait

# poll(2) takes an int of milliseconds: longer waits go in steps.
_LONGEST_S = 86400.0


class KernelWaiter:
    """Waits for any of some descriptors, all of which one that is `shown` may stand for. Any
    thread or signal handler may wake or close it.

    After `look_s` seconds a wait ends as if there were data, since not all data wakes; 0 for data
    that does.
    """

    def __init__(
        self, fds: Sequence[int], shown: Callable[[], int] | None = None, look_s: float = 0
    ) -> None:
        self._fds = tuple(fds)
        self._longest_s = look_s or _LONGEST_S
        self._looks = look_s > 0
        self._shown = shown
        # Reentrant: a signal handler may call `wake` while its own thread is in `close`.
        self._lock = RLock()
        self.closed = False
        self._inside = 0
        self._events = Fds()
        self._event = -1

    def open(self) -> None:
        """Make ready to wait. Apart from the constructor, so that the runtime knows the waiter
        before there is anything to close."""
        try:
            self._event = self._events.keep(os.eventfd, 0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        except IndexError:
            # A signal handler closed this waiter, and with it what was just opened.
            if not self.closed:
                raise
        self._close_event()

    def wait(self, timeout: float | None) -> Wait:
        """Why the wait ended, at most `timeout` seconds from now (None: without bound).

        Raises: KeyboardInterrupt, like any wait in Python, when Ctrl-C comes.
        """
        deadline = None if timeout is None else monotonic() + timeout
        with self._lock:
            if self.closed:
                return Wait.CLOSED
            self._inside += 1
        try:
            return self._wait(deadline)
        finally:
            self._leave()

    def _wait(self, deadline: float | None) -> Wait:
        while True:
            left = _LONGEST_S if deadline is None else max(deadline - monotonic(), 0.0)
            # Signals are handled and the rest of the time waited inside: see PEP 475.
            ready = _readable((*self._fds, self._event), min(left, self._longest_s))
            if self._event in ready:
                return self._woken()
            if ready:
                return Wait.CLOSED if self.closed else Wait.READY
            if deadline is not None and monotonic() >= deadline:
                return Wait.TIMEOUT
            if self._looks:
                return Wait.READY

    def _woken(self) -> Wait:
        if self.closed:
            # The eventfd stays readable, for other threads that wait here.
            return Wait.CLOSED
        try:
            os.eventfd_read(self._event)
        except BlockingIOError:
            # Another waiting thread took the wake-up first.
            return Wait.READY
        return Wait.READY

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1
            self._close_event()

    def wake(self) -> None:
        """End the wait that is going on, or the next one."""
        with self._lock:
            if not self.closed:
                os.eventfd_write(self._event, 1)

    def fileno(self) -> int:
        """The stream's descriptor, -1 for several: add it to an event loop anew at each wait."""
        if self._shown is not None:
            return self._shown()
        return self._fds[0] if len(self._fds) == 1 else -1

    def close(self) -> None:
        """End all waits, now and later."""
        with self._lock:
            if not self.closed:
                self.closed = True
                if self._inside:
                    os.eventfd_write(self._event, 1)
            self._close_event()

    def _close_event(self) -> None:
        # Not while a thread polls it: its number could name another file by the time poll looks.
        if self.closed and not self._inside:
            self._events.close()


def _readable(fds: Sequence[int], seconds: float) -> set[int]:
    """The descriptors that are readable, or broken, at most `seconds` from now."""
    # A poll object serves one thread at a time, so each wait has its own.
    poller = poll()
    for fd in fds:
        poller.register(fd, POLLIN)
    return {fd for fd, _ in poller.poll(seconds * 1000)}
