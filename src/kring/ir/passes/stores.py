"""Stores that nobody reads, and zeros written in fewer steps.

needs: address, so that offsets are constant. keeps: blocks, and what every reader sees.

    zero v4 [+0 8]                           …
    zero v4 [+8 4]                           zero v4 [+8 8]
    zero v4 [+12 2]                     →    …
    zero v4 [+14 2]
    store v4 [+0 u64] v7                     store v4 [+0 u64] v7
    v8: i64 = call "ringbuf_submit" v4 v1    v8: i64 = call "ringbuf_submit" v4 v1

Bytes are followed backwards, from those who read them. Behind the NUL of a text in a record
nobody looks, so zeros under it may go; a store of zeros may not, for a string that must be
clear to its end.
"""

from __future__ import annotations

from kring.ir.core import Block, Fn, Mem, Op, Value, aligned
from kring.ir.graph import reverse_postorder
from kring.ir.passes.memory import Access, Act, Base, Memory, is_record, memory

Live = tuple[int, int]
"""The bytes somebody may read for what a store put there, and for what a zero did."""


def stores(fn: Fn) -> bool:
    """Whether a store or zero went, or zeros were merged."""
    own = memory(fn)
    if not own.accesses:
        return False
    order = reverse_postorder(fn)
    live = _live(order, own)
    return sum(_Sweep(fn, own, _leaving(block, live)).run(block) for block in order) > 0


def _leaving(block: Block, live: dict[Block, Live]) -> Live:
    kept = shown = 0
    for edge in block.edges:
        more = live.get(edge.block, (0, 0))
        kept, shown = kept | more[0], shown | more[1]
    return kept, shown


def _live(order: list[Block], own: Memory) -> dict[Block, Live]:
    """What is live on entering each block."""
    live: dict[Block, Live] = {}
    changed = True
    while changed:
        changed = False
        for block in reversed(order):
            state = _leaving(block, live)
            for value in reversed(block.body):
                for access in reversed(own.accesses.get(value, ())):
                    state = _before(access, state)
            if live.get(block) != state:
                live[block] = state
                changed = True
    return live


def _before(access: Access, live: Live) -> Live:
    """What is live before an access, given what is after."""
    act, base, bits = access
    kept, shown = live
    match act:
        case Act.READ:
            return kept | bits, shown | bits
        case Act.WRITE | Act.FORGET:
            return kept & ~bits, shown & ~bits
        case Act.TEXT:
            return kept, shown & ~bits if is_record(base) else shown
        case Act.DISTURB:
            return live


class _Sweep:
    """One block from its end to its start, zeros of one piece in a row taken together."""

    def __init__(self, fn: Fn, own: Memory, live: Live) -> None:
        self.fn = fn
        self.own = own
        self.live = live
        self.runs: dict[Base, tuple[list[Value], Live]] = {}
        self.dead: set[Value] = set()
        self.before: dict[Value, list[Value]] = {}

    def run(self, block: Block) -> bool:
        for value in reversed(block.body):
            accesses = self.own.accesses.get(value, ())
            if value.op is Op.ZERO and accesses and accesses[0][0] is Act.WRITE:
                base = accesses[0][1]
                self.runs.setdefault(base, ([], self.live))[0].append(value)
            else:
                for _, base, _ in accesses:
                    self.finish(base)
                if value.op is Op.STORE and accesses and not self.needs(accesses):
                    self.dead.add(value)
            for access in reversed(accesses):
                self.live = _before(access, self.live)
        for base in list(self.runs):
            self.finish(base)
        if not self.dead and not self.before:
            return False
        block.body = [
            kept
            for value in block.body
            for kept in (*self.before.get(value, ()), *(() if value in self.dead else (value,)))
        ]
        return True

    def needs(self, accesses: list[Access] | tuple[Access, ...]) -> bool:
        return any(act is not Act.WRITE or bits & self.live[0] for act, _, bits in accesses)

    def finish(self, base: Base) -> None:
        """The zeros of a row, found from last to first, become as few as can be."""
        if base not in self.runs:
            return
        zeros, (kept, shown) = self.runs.pop(base)
        needed, allowed = 0, base.all & ~kept
        wanted: list[Value] = []
        for zero in zeros:
            cover = self.own.accesses[zero][0][2]
            if cover & shown & ~needed:
                wanted.append(zero)
            needed, allowed = needed | cover & shown, allowed | cover
        pieces = _pieces(needed >> base.start, allowed >> base.start, base.size)
        old = sum(_slots(_bounds(self.own, zero)) for zero in wanted)
        new = sum(map(_slots, pieces))
        if new < old or (new == old and len(pieces) < len(wanted)):
            first = zeros[-1]
            self.before[first] = [
                self.fn.value(Op.ZERO, [base.value], Mem(offset, size), span=first.span)
                for offset, size in pieces
            ]
            self.dead.update(zeros)
        else:
            self.dead.update(zero for zero in zeros if zero not in wanted)


def _bounds(own: Memory, zero: Value) -> tuple[int, int]:
    """Offset from the piece's start, and size."""
    _, base, bits = own.accesses[zero][0]
    bits >>= base.start
    return (bits & -bits).bit_length() - 1, bits.bit_count()


def _slots(piece: tuple[int, int]) -> int:
    """How many aligned stores a stretch takes."""
    return sum(1 for _ in aligned(*piece))


def _pieces(needed: int, allowed: int, size: int) -> list[tuple[int, int]]:
    """Stretches covering all needed bytes and only allowed ones, in as few aligned stores."""
    found: list[tuple[int, int]] = []
    for offset in range(0, size, 8):
        for start, length in _word(needed >> offset & 0xFF, allowed >> offset & 0xFF, offset, 8):
            if found and sum(found[-1]) == start:
                found[-1] = found[-1][0], found[-1][1] + length
            else:
                found.append((start, length))
    return found


def _word(needed: int, allowed: int, offset: int, size: int) -> list[tuple[int, int]]:
    if not needed:
        return []
    half = size // 2
    low = (1 << half) - 1
    lower, upper = needed & low, needed >> half
    if allowed == (1 << size) - 1 and ((lower and upper) or size == 1):
        return [(offset, size)]
    return _word(lower, allowed & low, offset, half) + _word(
        upper, allowed >> half, offset + half, half
    )
