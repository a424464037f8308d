"""Subscribers of several streams served with one wait.

In: handles, and a waiter for exactly their rings. Out: calls of subscribers. An exception of a
subscriber comes out; what it did not get to see stays for the next call.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Any

from kring.run.target import Wait, Waiter
from kring.stream.handle import FIRST_PAUSE_S, StreamHandle, deadline_of, longer


def poll_all(
    handles: Sequence[StreamHandle[Any]], waiter: Waiter, timeout: float | None = None
) -> int:
    """The number of records handed to subscribers, after waiting for the first at most `timeout`
    seconds (None: as long as it takes)."""
    return _serve(handles, waiter, deadline_of(timeout))[0]


def run_all(handles: Sequence[StreamHandle[Any]], waiter: Waiter) -> None:
    """Serve subscribers until the streams are closed or nothing will ever come."""
    ended = False
    while not ended:
        _, ended = _serve(handles, waiter, None)


def _serve(
    handles: Sequence[StreamHandle[Any]], waiter: Waiter, deadline: float | None
) -> tuple[int, bool]:
    """How many records were served in one round, and whether there will be no other."""
    pause = FIRST_PAUSE_S
    waited = False
    while not (count := _round(handles)):
        left = None if deadline is None else max(deadline - monotonic(), 0.0)
        if waited and left == 0:
            return 0, False
        waited = True
        if any(handle.busy for handle in handles):
            sleep(pause if left is None else min(pause, left))
            pause = longer(pause)
        elif (ended := waiter.wait(left)) is not Wait.READY:
            return _round(handles), ended is Wait.CLOSED
    return count, False


def _round(handles: Sequence[StreamHandle[Any]]) -> int:
    return sum(handle.dispatch() for handle in handles)
