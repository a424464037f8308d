"""What happens around programs in the VM: a stream of events that make attached programs run.

In:  events, from a list, a generator or `proc.new_processes()`.
Out: `Feed(events, fire)`, pulled by whoever waits for a ring.
Rule: an event happens only while somebody waits, in that thread, so a reader that is slow loses
nothing, and a fault of a program comes out where its records are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Final

from kring.record import record
from kring.run.vm.layout import Value
from kring.run.vm.task import Task

# How long to wait after a feed had nothing before it is asked again.
_PAUSE_S: Final = 0.01


@record
class Event:
    """A hook, as sections name it (`sched:sched_switch`), its context's fields, and the task that
    ran into it, by default the VM's."""

    hook: str
    fields: Mapping[str, Value]
    task: Task | None = None


class Feed:
    """A feed on its way; `fire` runs what is attached to an event's hook."""

    def __init__(self, events: Iterable[Event | None], fire: Callable[[Event], object]) -> None:
        self._events = iter(events)
        self._fire = fire
        self._lock = Lock()
        self._ended = False

    def step(self) -> float | None:
        """Let the next event happen: seconds until it is worth to ask again, None if there will be
        no other.

        Raises: VmError if a program faults; what the feed itself raises.
        """
        # Two threads may wait, and an iterator serves one at a time.
        with self._lock:
            if self._ended:
                return None
            try:
                event = next(self._events)
            except StopIteration:
                self._ended = True
                return None
        if event is None:
            return _PAUSE_S
        self._fire(event)
        return 0.0
