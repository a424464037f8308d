"""Waiting for rings of the VM, whose programs run in threads of this very process.

In:  the maps to wait for.
Out: `VmWaiter`, a `Waiter`: an eventfd that rings signal as the kernel would wake, and any thread
     may write.
Rule: without a bound there is nothing to wait for, unless another thread runs programs: a wait
without timeout ends at once when this is the only thread and no feed has more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from select import POLLIN, poll
from threading import RLock, active_count
from time import monotonic

from kring.run.target import Wait
from kring.run.vm.feed import Feed
from kring.run.vm.maps import VmMap
from kring.run.vm.perf import PerfMap
from kring.run.vm.ring import RingMap

# How often a wait looks whether another thread is left that could produce.
_STEP_S = 0.05


class VmWaiter:
    """Waits for any of some rings. Any thread or signal handler may wake or close it."""

    def __init__(self, streams: Sequence[VmMap], feed: Feed | None = None) -> None:
        self._feed = feed
        self._rings = [stream for stream in streams if isinstance(stream, RingMap | PerfMap)]
        # Reentrant: a signal handler may call `wake` while its own thread is in `close`.
        self._lock = RLock()
        self._closed = False
        self._inside = 0
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        for ring in self._rings:
            ring.on_data.append(self.wake)

    def wait(self, timeout: float | None) -> Wait:
        """Why the wait ended, at most `timeout` seconds from now."""
        with self._lock:
            if self._closed:
                return Wait.CLOSED
            self._inside += 1
        try:
            return self._wait(None if timeout is None else monotonic() + timeout)
        finally:
            with self._lock:
                self._inside -= 1
                self._close_event()

    def _wait(self, deadline: float | None) -> Wait:
        poller = poll()
        poller.register(self._event, POLLIN)
        while True:
            woken = self._take_signal()
            if self._closed:
                return Wait.CLOSED
            if woken or self._has_unread():
                return Wait.READY
            pause = self._feed.step() if self._feed else None
            if pause is None and active_count() == 1 and (self._feed or deadline is None):
                return Wait.CLOSED
            left = _STEP_S if deadline is None else deadline - monotonic()
            if left <= 0:
                return Wait.READY if self._has_unread() else Wait.TIMEOUT
            poller.poll(min(left, _STEP_S if pause is None else pause) * 1000)

    def _has_unread(self) -> bool:
        return any(ring.unread for ring in self._rings)

    def _take_signal(self) -> bool:
        """Whether somebody woke this waiter since the last look."""
        try:
            # After closing it stays readable, for other threads that wait here.
            return self._closed or bool(os.eventfd_read(self._event))
        except BlockingIOError:
            return False

    def wake(self) -> None:
        """End the wait that is going on, or the next one."""
        with self._lock:
            if not self._closed:
                os.eventfd_write(self._event, 1)

    def fileno(self) -> int:
        """Readable when a ring had news or somebody called `wake`; -1 where a feed makes the news,
        since that takes a `wait`."""
        return self._event if self._feed is None else -1

    def close(self) -> None:
        """End all waits, now and later."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.eventfd_write(self._event, 1)
                for ring in self._rings:
                    ring.on_data.remove(self.wake)
            self._close_event()

    def _close_event(self) -> None:
        # Not while a thread polls it: its number could name another file by the time poll looks.
        if self._closed and not self._inside and self._event >= 0:
            event, self._event = self._event, -1
            os.close(event)
