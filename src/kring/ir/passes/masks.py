"""Identities of masks and shifts with each other, for `fold`: what bit fields are made of."""

from __future__ import annotations

from kring.ir.core import MASK, Op, Value, number, signed
from kring.ir.passes.bits import ones
from kring.ir.passes.sweep import Rule, Sweep, become, right

_JOINS = frozenset((Op.OR, Op.XOR))


def fits(constant: int) -> bool:
    """Whether an instruction can hold the constant itself."""
    return -(1 << 31) <= signed(constant & MASK) < 1 << 31


def _amount(value: Value, op: Op) -> int | None:
    """By how much the value is something shifted, if it is, and by a constant."""
    by = right(value) if value.op is op else None
    return by if by is not None and by < 64 else None


def _narrow_mask(fold: Sweep, v: Value) -> Value | None:
    """x & m = x & (m & n), if x has no bit outside n"""
    m = right(v)
    if m is None or fits(m):
        return None
    narrow = m & ones(fold.bits.get(v.args[0], MASK).bit_length())
    return become(v, Op.AND, [v.args[0], fold.const(narrow, v)]) if fits(narrow) else None


def _mask_join(fold: Sweep, v: Value) -> Value | None:
    """(x | y) & m = x & m, if y has no bit in m;  (x ^ y) likewise"""
    m, joined = right(v), v.args[0]
    if m is None or joined.op not in _JOINS:
        return None
    for x, y in (joined.args, reversed(joined.args)):
        if fold.bits.get(y, MASK) & m == 0:
            return become(v, Op.AND, [x, v.args[1]])
    return None


def _join_mask(fold: Sweep, v: Value) -> Value | None:
    """(x & m) | c = x | c, if c has all bits of x outside m"""
    masked, c = v.args[0], right(v)
    m = right(masked) if masked.op is Op.AND else None
    if c is None or m is None or fold.bits.get(masked.args[0], MASK) & ~m & ~c & MASK:
        return None
    return become(v, Op.OR, [masked.args[0], v.args[1]])


def _shift_join(fold: Sweep, v: Value) -> Value | None:
    """(x | y) >> n = x >> n, if y has no bit from n on;  (x ^ y) likewise"""
    n, joined = _amount(v, Op.LSHR), v.args[0]
    if n is None or joined.op not in _JOINS:
        return None
    for x, y in (joined.args, reversed(joined.args)):
        if fold.bits.get(y, MASK) >> n == 0:
            return become(v, Op.LSHR, [x, v.args[1]])
    return None


def _back_right(fold: Sweep, v: Value) -> Value | None:
    """(x << k) >> n = x << (k - n) or x >> (n - k), if x << k loses no bit"""
    n, k = _amount(v, Op.LSHR), _amount(v.args[0], Op.SHL)
    if n is None or k is None:
        return None
    x = v.args[0].args[0]
    if fold.bits.get(x, MASK) << k > MASK:
        return None
    if k == n:
        return x
    op = Op.SHL if k > n else Op.LSHR
    return become(v, op, [x, fold.const(abs(k - n), v)])


def _back_left(fold: Sweep, v: Value) -> Value | None:
    """(x >> k) << n = (x >> (k - n)) & -2ⁿ or (x << (n - k)) & -2ⁿ"""
    n, k = _amount(v, Op.SHL), _amount(v.args[0], Op.LSHR)
    if not n or k is None or n > 30:
        return None
    x = v.args[0].args[0]
    if k != n and fold.uses.get(v.args[0], 0) > 1:
        return None
    if k != n:
        op = Op.LSHR if k > n else Op.SHL
        x = fold.emit(op, [x, fold.const(abs(k - n), v)], None, v)
    return become(v, Op.AND, [x, fold.const(-(1 << n), v)])


def _shift_inward(fold: Sweep, v: Value) -> Value | None:
    """(a & m) << n = (a << n) & (m << n);  (a + c) << n = (a << n) + (c << n)

    where a was shifted right, so that the shifts meet.
    """
    n, inner = _amount(v, Op.SHL), v.args[0]
    if not n or inner.op not in (Op.AND, Op.ADD) or fold.uses.get(inner, 0) > 1:
        return None
    c, a = right(inner), inner.args[0]
    if c is None or not fits(c) or not fits(c << n):
        return None
    if a.op is not Op.LSHR and not (a.op is Op.ADD and a.args[0].op is Op.LSHR):
        return None
    if number(a.args[-1]) is None or fold.uses.get(a, 0) > 1:
        return None
    shifted = fold.emit(Op.SHL, [a, v.args[1]], None, v)
    return become(v, inner.op, [shifted, fold.const(c << n, v)])


MASKS: dict[Op, tuple[Rule, ...]] = {
    Op.AND: (_narrow_mask, _mask_join),
    Op.OR: (_join_mask,),
    Op.LSHR: (_shift_join, _back_right),
    Op.SHL: (_back_left, _shift_inward),
}
"""The rules of each operation, in the order they are tried."""
