"""Subscribers of several streams served with one wait.

In: handles, and a waiter for exactly their rings. Out: calls of subscribers. An exception of a
subscriber comes out; what it did not get to see stays for the next call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kring.run.target import Wait, Waiter
from kring.stream.handle import StreamHandle, deadline_of, wait_for


def poll_all(
    handles: Sequence[StreamHandle[Any]], waiter: Waiter, timeout: float | None = None
) -> int:
    """The number of records handed to subscribers, after waiting for the first at most `timeout`
    seconds (None: as long as it takes)."""
    return _serve(handles, waiter, deadline_of(timeout))[0]


def run_all(handles: Sequence[StreamHandle[Any]], waiter: Waiter) -> bool:
    """Serve subscribers until a stream is closed or nothing will ever come; whether others are
    open, which want a waiter of their own: what is left in the closed one would end its waits."""
    ended = Wait.READY
    while ended is not Wait.CLOSED:
        _, ended = _serve(handles, waiter, None)
    return len({handle.closed for handle in handles}) > 1


def _serve(
    handles: Sequence[StreamHandle[Any]], waiter: Waiter, deadline: float | None
) -> tuple[int, Wait]:
    """How many records were served in one round, and why it ended."""

    def wait(timeout: float | None) -> Wait:
        closed = any(handle.closed for handle in handles)
        return Wait.CLOSED if closed else waiter.wait(timeout)

    for handle in handles:
        handle.wakes.append(waiter.wake)
    try:
        return wait_for(
            lambda: _round(handles), lambda: any(handle.busy for handle in handles), wait, deadline
        )
    finally:
        for handle in handles:
            handle.wakes.remove(waiter.wake)


def _round(handles: Sequence[StreamHandle[Any]]) -> int:
    return sum(handle.dispatch() for handle in handles)
