"""Loops that the kernel counts, for those too long for the verifier to follow round by round.

    it = stack 8; iter_num_new(it, 0, rounds)
    b1: p = iter_num_next(it); br p b2 b3
    b2: i = start + step * load p; …; jump b1
    b3: iter_num_destroy(it)

Every way out of the loop ends the iterator. The verifier looks at the body until another round
could tell it nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable

from kring.abi.uapi import MAX_ROUNDS
from kring.decl.kfuncs import ITER_NUM_DESTROY, ITER_NUM_NEW, ITER_NUM_NEXT
from kring.frontend import integers
from kring.frontend.builder import Builder, Join
from kring.frontend.kcall import emit
from kring.frontend.rounds import Range, note_range
from kring.frontend.values import Num
from kring.ir.core import Mem, Op, Value


def begin(b: Builder, numbers: Range, changed: Iterable[str]) -> Value:
    """An iterator over as many numbers, for a loop that changes some variables; see `_rounds` for
    the end of that.

    Since: Linux 6.4, commit 6018e1f407cc ("bpf: implement numbers iterator").
    """
    iterator = b.stack(8)
    begun = emit(b, ITER_NUM_NEW, iterator, b.const(0), _rounds(b, numbers))
    _hide(b, changed, begun)
    return iterator


def step(b: Builder, iterator: Value, numbers: Range, body: Join, otherwise: Join) -> Num:
    """Go on in the loop's body with the next of its numbers; behind the last to `otherwise`."""
    found = emit(b, ITER_NUM_NEXT, iterator)
    b.branch(found, body, otherwise)
    b.enter(body)
    distance = b.emit(Op.MUL, b.load(found, Mem(0, 4)), b.const(numbers.step))
    count = Num(b.emit(Op.ADD, numbers.start.value, distance), numbers.start.signed)
    note_range(b, count.value, numbers, seen=False)
    return count


def end(b: Builder, iterator: Value) -> None:
    """End what `begin` began, on a path that leaves the loop."""
    emit(b, ITER_NUM_DESTROY, iterator)


def _hide(b: Builder, names: Iterable[str], zero: Value) -> None:
    """Add to each constant that the loop changes a 0 that the verifier does not know to be one.

    Else it would follow a counter from round to round, and never see that one is like another.
    """
    for name in names:
        val = b.env.get(name)
        if isinstance(val, Num) and val.value.op is Op.CONST:
            hidden = b.emit(Op.ADD, val.value, zero)
            if not val.value.imm:
                b.ranges[hidden] = 0, 0
                b.unseen.add(hidden)
            b.env[name] = Num(hidden, val.signed)


def _rounds(b: Builder, numbers: Range) -> Value:
    """How often the loop comes round, MAX_ROUNDS at the most: the kernel counts no further."""
    start, stop, size = numbers.start, numbers.stop, abs(numbers.step)
    rest = stop
    if numbers.step != 1 or integers.known(start) != [0]:
        first, last = (start, stop) if numbers.step > 0 else (stop, start)
        distance = b.emit(Op.SUB, last.value, first.value)
        below = integers.compare(b, "<", first, last)
        rest = Num(b.choose(below, distance, b.const(0)), signed=False)
        if size > 1:
            up = b.emit(Op.ADD, rest.value, b.const(size - 1))
            rest = Num(b.emit(Op.UDIV, up, b.const(size)), signed=False)
    low, high = b.bounds(rest.value)
    if low >= 0 and high <= MAX_ROUNDS:
        return rest.value
    beyond = b.const(MAX_ROUNDS)
    if rest.signed and low < 0:
        negative = b.emit(Op.SLT, rest.value, b.const(0))
        beyond = b.choose(negative, b.const(0), beyond)
    return b.choose(b.emit(Op.ULE, rest.value, b.const(MAX_ROUNDS)), rest.value, beyond)
