"""Tests in a row that all fail to the same place, taken together.

needs: fold, so that constants are on the right; loads, so that equal fields are one value.
keeps: every effect; which way is taken.

    v2: i64 = ule (add v0 14) v1      v2: i64 = ule (add v0 34) v1
    br v2 b1 b9                       br v2 b1 b9
    b1:                               b1:
      v3: i64 = load v0 [+12 u16]       v3: i64 = load v0 [+12 u16]
      br v3 b2 b9                 →     br v3 b2 b9
    b2:                               b2:
      v4: i64 = ule (add v0 34) v1      v5: i64 = const 1
      br v4 b3 b9                       br v5 b3 b9

If all of the tests must hold, their order does not matter where nothing between them has an
effect. A longer stretch inside the packet implies a shorter one from the same place: asked first,
it makes the shorter one needless. Two tests of bits of one value are one test of the bits of both.
"""

from __future__ import annotations

from kring.ir.core import I64, MASK, ROWS, Block, Fn, Op, Space, Value, number, signed
from kring.ir.graph import predecessors, reverse_postorder
from kring.ir.passes.bits import can_be, ones
from kring.ir.passes.sweep import INVERSE
from kring.ir.passes.thread import same_end
from kring.record import record

_SMALL = 1 << 31
_CHAIN = 12
"""How many tests in a row are looked at from each."""


def guards(fn: Fn) -> bool:
    """Whether a test took over another."""
    preds = predecessors(fn)
    changed = False
    for block in reverse_postorder(fn):
        if block.end is None or block.end.op is not Op.BR:
            continue
        for way in (0, 1):
            chain = _chain(block, way, preds)
            if len(chain) > 1:
                changed |= _lengthen(fn, chain) or _merge(fn, chain[0], chain[1])
    return changed


@record
class _Guard:
    """A block's branch: the edge on which the tests go on is `edges[way]`."""

    block: Block
    way: int

    @property
    def test(self) -> Value:
        assert self.block.end is not None
        return self.block.end.args[0]


def _chain(block: Block, way: int, preds: dict[Block, list[Block]]) -> list[_Guard]:
    """The block's branch and those that follow it, if each block but the first has no effect,
    one way in, and fails to where the first fails."""
    found = [_Guard(block, way)]
    fails = block.edges[1 - way]
    while len(found) < _CHAIN:
        block = block.edges[way].block
        end = block.end
        if end is None or end.op is not Op.BR or len(preds[block]) != 1 or block.params:
            break
        if not all(_harmless(value) for value in block.body):
            break
        ways = [at for at in (0, 1) if same_end(block.edges[1 - at], fails)]
        if len(ways) != 1:
            break
        way = ways[0]
        found.append(_Guard(block, way))
    return found


def _harmless(value: Value) -> bool:
    return ROWS[value.op].pure or value.op is Op.LOAD


# -- packets


@record
class _Inside:
    """That `size` bytes from `start` end before `end`."""

    start: Value
    size: int
    end: Value


def _inside(guard: _Guard) -> _Inside | None:
    """What a guard finds out about a packet's length, if that is what it is for."""
    test, holds = guard.test, guard.way == 0
    op = test.op if holds else INVERSE.get(test.op)
    if op is not Op.ULE or test.args[1].type.space is not Space.PACKET_END:
        return None
    start, size = test.args[0], 0
    if start.op is Op.ADD and (by := number(start.args[1])) is not None:
        start, size = start.args[0], signed(by)
    return _Inside(start, size, test.args[1]) if size >= 0 else None


def _lengthen(fn: Fn, chain: list[_Guard]) -> bool:
    """p + a ≤ end ∧ … ∧ p + b ≤ end  =  p + max(a, b) ≤ end ∧ …"""
    first = _inside(chain[0])
    if first is None:
        return False
    longest, needless = first, list[_Guard]()
    for guard in chain[1:]:
        other = _inside(guard)
        if other is not None and (other.start, other.end) == (first.start, first.end):
            needless.append(guard)
            longest = max(longest, other, key=lambda inside: inside.size)
    for guard in needless:
        _decide(fn, guard)
    if longest is not first:
        span = chain[0].test.span
        by = fn.value(Op.CONST, imm=longest.size, span=span)
        end = fn.value(Op.ADD, [first.start, by], type=first.start.type, span=span)
        test = fn.value(Op.ULE, [end, first.end], span=span)
        chain[0].block.body += [by, end, test]
        _ask(chain[0], test)
    return bool(needless)


def _decide(fn: Fn, guard: _Guard) -> None:
    """The guard's branch goes on always."""
    const = fn.value(Op.CONST, imm=int(guard.way == 0), span=guard.test.span)
    guard.block.body.append(const)
    assert guard.block.end is not None
    guard.block.end.args[0] = const


def _ask(guard: _Guard, test: Value) -> None:
    """The guard's branch goes on if the test holds."""
    assert guard.block.end is not None
    guard.block.end.args[0] = test
    if guard.way == 1:
        guard.block.edges.reverse()


# -- bits


@record
class _Masked:
    """That of the bits of `value` in `mask`, those of `wanted` are set and the others not."""

    value: Value
    mask: int
    wanted: int


def _masked(guard: _Guard) -> _Masked | None:
    """What a guard finds out about bits, if that is what it is for."""
    test, holds = guard.test, guard.way == 0
    op = test.op
    if op is Op.SET and (mask := number(test.args[1])) is not None:
        single = mask & mask - 1 == 0
        if holds and not single:
            return None
        return _of(test.args[0], mask, mask if holds else 0)
    if op in (Op.EQ, Op.NE) and (op is Op.EQ) is holds:
        wanted = number(test.args[1])
        return None if wanted is None else _of(test.args[0], MASK, wanted)
    if not ROWS[op].compares and not holds:
        return _of(test, MASK, 0)
    return None


def _of(value: Value, mask: int, wanted: int) -> _Masked | None:
    """The same about what the value was made from: (x >> n) & m = c is x & (m << n) = c << n."""
    while len(value.args) == 2 and (by := number(value.args[1])) is not None:
        if value.op is Op.AND:
            if wanted & ~by:
                return None
            mask &= by
        elif value.op is Op.LSHR and by < 64:
            mask, high = (mask << by) & MASK, wanted >> (64 - by) if by else 0
            if high:
                return None
            wanted <<= by
        else:
            break
        value = value.args[0]
    if value.op is Op.ZEXT and isinstance(value.imm, int) and not wanted & ~ones(value.imm):
        return _Masked(value.args[0], mask & ones(value.imm), wanted)
    return _Masked(value, mask, wanted) if value.type == I64 else None


def _merge(fn: Fn, guard: _Guard, following: _Guard) -> bool:
    """x & m = c ∧ x & n = d  =  x & (m | n) = c | d"""
    one, other = _masked(guard), _masked(following)
    if one is None or other is None or one.value is not other.value:
        return False
    if one.mask & other.mask & (one.wanted ^ other.wanted):
        return False
    wanted = one.wanted | other.wanted
    mask = (one.mask | other.mask) & can_be(one.value, {})
    if mask >= _SMALL or wanted & ~mask:
        return False
    span = guard.test.span
    masked = fn.value(Op.AND, [one.value, fn.value(Op.CONST, imm=mask, span=span)], span=span)
    test = fn.value(Op.EQ, [masked, fn.value(Op.CONST, imm=wanted, span=span)], span=span)
    guard.block.body += [masked.args[1], masked, test.args[1], test]
    _ask(guard, test)
    _decide(fn, following)
    return True
