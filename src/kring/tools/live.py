"""Something live, printed as it comes until it is over.

In:  a function that prints what came within some seconds.
Out: `follow(step, count, duration)`, which ends by itself, at Ctrl-C, or when nobody reads on.
Rule: a signal only sets a flag, so that no record is lost between its ring and its line.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from select import POLLERR, POLLHUP, poll
from time import monotonic
from types import FrameType

# How long a signal, or the end of a pipe's reader, can go unnoticed.
_TICK_S = 0.2
_MOST = 1024


def follow(
    step: Callable[[float, int], int], count: int | None = None, duration: float | None = None
) -> int:
    """How many records were printed before the count, the duration in seconds, or a signal.

    `step(timeout, most)` prints at most that many records, waits for the first at most `timeout`
    seconds, and says how many there were.

    Raises: BrokenPipeError when the reader of standard output has gone.
    """
    shown = 0
    end = None if duration is None else monotonic() + duration
    with stop_signals() as stopped:
        while not stopped() and shown != count:
            left = _TICK_S if end is None else min(_TICK_S, end - monotonic())
            if left <= 0:
                break
            most = _MOST if count is None else min(_MOST, count - shown)
            shown += step(left, most)
            sys.stdout.flush()
            _check_reader()
    return shown


@contextmanager
def stop_signals() -> Generator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has come, to be asked inside the block; a second Ctrl-C raises
    KeyboardInterrupt, for one that waits where it cannot ask."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_reader() -> None:
    """An idle listing must end with the pipe it writes to, not at its next line."""
    poller = poll()
    poller.register(sys.stdout.fileno(), 0)
    if any(event & (POLLERR | POLLHUP) for _, event in poller.poll(0)):
        raise BrokenPipeError


def printable(text: str) -> str:
    """The text with control characters escaped: a file's name must not write to the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
