"""What a number can be where it is used, as far as the verifier will see it too.

In: a number of the function being built, and the path at hand. Out: its bounds, from what it is
made of, from the comparisons that every path to here has passed, and from the loops that count it.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.frontend import integers
from kring.frontend.bounds import HIGHEST, LOWEST, Range, bounds
from kring.frontend.builder import Builder
from kring.frontend.values import Num
from kring.ir.core import Block, Op, Value, number, signed

_LEFT, _RIGHT = 0, 1
_ANY: Range = (LOWEST, HIGHEST)
_DEPTH = 4


class Bounds:
    """The bounds of numbers on the path at hand."""

    def __init__(self, b: Builder) -> None:
        self._b = b
        self._tests = list(_passed(b))

    def of(self, num: Num) -> Range:
        """Smallest and largest value; a `u64` beyond the largest `i64` may be anything."""
        return bounds(num.value, _DEPTH, self.tested)

    def tested(self, value: Value) -> Range:
        """What loops and comparisons alone say about a number."""
        low, high = self._b.range_of(value)
        for test, holds in self._tests:
            for side in (_LEFT, _RIGHT):
                if test.args[side] is value:
                    other = bounds(test.args[1 - side], _DEPTH - 1, self._b.range_of)
                    first, last = _allowed(test.op, side, holds, other)
                    low, high = max(low, first), min(high, last)
        return low, high

    def seen(self, value: Value, count: int) -> bool:
        """Whether the verifier, too, finds that the number is below `count`.

        It knows nothing of quotients and remainders; and of comparisons only those with a constant
        are left as they stand, of numbers that were not computed.
        """
        low, high = bounds(value, _DEPTH, self._shown)
        return low >= 0 and high < count and not _hidden(value)

    def _shown(self, value: Value) -> Range:
        """What loops and comparisons say about a number to the verifier too."""
        found = _ANY if value in self._b.unseen else self._b.range_of(value)
        for test, holds in self._tests if value.op in _PLAIN else ():
            for side in (_LEFT, _RIGHT):
                other = number(test.args[1 - side])
                if test.args[side] is value and other is not None:
                    low, high = _allowed(test.op, side, holds, (signed(other), signed(other)))
                    found = max(found[0], low), min(found[1], high)
        return found


_PLAIN = frozenset({Op.LOAD, Op.PARAM, Op.CALL})


def _hidden(value: Value, depth: int = _DEPTH) -> bool:
    """Whether the number is made of one whose bounds the verifier does not know."""
    if value.op in _PLAIN or not depth:
        return False
    if value.op is Op.UDIV or (value.op is Op.UMOD and not _power(number(value.args[1]))):
        return True
    return any(_hidden(arg, depth - 1) for arg in value.args)


def _power(value: int | None) -> bool:
    return value is not None and value > 0 and value & (value - 1) == 0


def _passed(b: Builder) -> Iterator[tuple[Value, bool]]:
    """The comparisons that lie behind every path to here, nearest first, and whether they held."""
    block = b.block
    while block is not None:
        ways = b.ways.get(block, [])
        if len(ways) == 1:
            source, edge = ways[0]
            test = source.end.args[0] if source.end and source.end.op is Op.BR else None
            if test is not None and len(test.args) == 2 and test.op in _TESTS:
                yield test, edge is source.edges[0]
        block = _above(b, block)


def _above(b: Builder, block: Block) -> Block | None:
    """The nearest block that every path into this one passes; the first one has none.

    A path that leads back to a loop's header begins at the header, so it adds nothing.
    """
    sources = [source for source, _ in b.ways.get(block, [])]
    if len(sources) < 2:
        return sources[0] if sources else None
    order = {known: place for place, known in enumerate(b.fn.blocks)}
    entering = [source for source in sources if order[source] < order[block]]
    while len(set(entering)) > 1:
        latest = max(entering, key=order.__getitem__)
        above = _above(b, latest)
        assert above is not None
        entering = [above if source is latest else source for source in entering]
    return entering[0]


def _allowed(op: Op, side: int, holds: bool, other: Range) -> Range:
    """What one side of a comparison that came out so can be, given what the other can."""
    if not holds:
        op = _INVERSE[op]
    if side == _RIGHT:
        op = _MIRRORED.get(op, op)
    low, high = other
    match op:
        case Op.EQ:
            return low, high
        case Op.SLT | Op.SLE:
            return _ANY[0], high - (op is Op.SLT)
        case Op.SGT | Op.SGE:
            return low + (op is Op.SGT), _ANY[1]
        case Op.ULT | Op.ULE if low >= 0:
            return 0, high - (op is Op.ULT)
        case _:
            return _ANY


_INVERSE = {
    Op.EQ: Op.NE, Op.NE: Op.EQ, Op.ULT: Op.UGE, Op.ULE: Op.UGT, Op.UGT: Op.ULE, Op.UGE: Op.ULT,
    Op.SLT: Op.SGE, Op.SLE: Op.SGT, Op.SGT: Op.SLE, Op.SGE: Op.SLT,
}  # fmt: skip
_MIRRORED = {
    Op.ULT: Op.UGT, Op.ULE: Op.UGE, Op.UGT: Op.ULT, Op.UGE: Op.ULE,
    Op.SLT: Op.SGT, Op.SLE: Op.SGE, Op.SGT: Op.SLT, Op.SGE: Op.SLE,
}  # fmt: skip
_TESTS = frozenset(_INVERSE)


def index(b: Builder, num: Num, count: int) -> Value | None:
    """The number as an index below `count` that the verifier can follow; None if it may be
    anything else."""
    found = Bounds(b)
    low, high = found.of(num)
    if low < 0 or high >= count:
        return None
    if found.seen(num.value, count):
        return num.value
    return b.emit(Op.BOUND, num.value, imm=count)


def constant(num: Num) -> int | None:
    """The number, if it is known."""
    known = integers.known(num)
    return known[0] if known else None
