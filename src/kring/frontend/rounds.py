"""The numbers that a loop counts through: how often it comes round, and what its counter can be."""

from __future__ import annotations

from kring.abi.uapi import MAX_ROUNDS
from kring.frontend import integers
from kring.frontend.builder import Builder
from kring.frontend.values import Num
from kring.ir.core import Value
from kring.record import record


@record
class Range:
    """The numbers a loop counts through; the step is known and not 0."""

    start: Num
    stop: Num
    step: int


FOLLOWED = 4096
"""Rounds, those of the loops around it multiplied in, up to which the verifier is let follow a loop
round by round; a longer one is stepped by the kernel, and the verifier looks at one round for all.
"""


def most(b: Builder, numbers: Range) -> int:
    """How often a loop over these numbers comes round at the most."""
    first, last = ((numbers.start, numbers.stop) if numbers.step > 0 else
                   (numbers.stop, numbers.start))  # fmt: skip
    low, high = b.bounds(first.value)[0], b.bounds(last.value)[1]
    if (not first.signed and low < 0) or (not last.signed and b.bounds(last.value)[0] < 0):
        return MAX_ROUNDS
    return min(max(0, -(-(high - low) // abs(numbers.step))), MAX_ROUNDS)


def note_range(b: Builder, count: Value, numbers: Range, seen: bool = True) -> None:
    """Say what a loop's counter can be in its body; unless `seen`, the verifier does not know."""
    start, stop = numbers.start, numbers.stop
    (first, last), (low, high) = b.bounds(start.value), b.bounds(stop.value)
    up = numbers.step > 0
    b.ranges[count] = (first, max(first, high - 1)) if up else (min(last, low + 1), last)
    if not (seen and integers.known(start, stop)):
        b.unseen.add(count)
