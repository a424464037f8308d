"""Identities of arithmetic, shifts and extensions, for `fold`; each states its own in algebra."""

from __future__ import annotations

from kring.ir.core import MASK, ROWS, Op, Value, number
from kring.ir.passes.bits import ones, signed_range, width
from kring.ir.passes.sweep import Rule, Sweep, become, right


def _neutral(neutral: int) -> Rule:
    """x ∘ neutral = x"""
    return lambda _, v: v.args[0] if right(v) == neutral and v.args[0].type == v.type else None


def _absorbing(absorbing: int) -> Rule:
    """x ∘ absorbing = absorbing"""
    return lambda fold, v: fold.const(absorbing, v) if right(v) == absorbing else None


def _same_is_zero(fold: Sweep, v: Value) -> Value | None:
    """x - x = x ^ x = 0"""
    return fold.const(0, v) if v.args[0] is v.args[1] else None


def _same_is_itself(_: Sweep, v: Value) -> Value | None:
    """x & x = x | x = x"""
    return v.args[0] if v.args[0] is v.args[1] else None


def _chain(fold: Sweep, v: Value) -> Value | None:
    """(x ∘ c) ∘ d = x ∘ (c ∘ d), for ∘ that associates"""
    inner, outer = v.args[0], right(v)
    if inner.op is not v.op or outer is None:
        return None
    first, combine = right(inner), ROWS[v.op].evaluate
    if first is None or combine is None or inner.args[0].type.space is not v.type.space:
        return None
    return become(v, v.op, [inner.args[0], fold.const(combine([first, outer], 0), v)])


def _add_difference(fold: Sweep, v: Value) -> Value | None:
    """(c - x) + d = (c + d) - x"""
    inner, d = v.args[0], right(v)
    c = number(inner.args[0]) if inner.op is Op.SUB else None
    if c is None or d is None or inner.type != v.type:
        return None
    return become(v, Op.SUB, [fold.const(c + d, v), inner.args[1]])


def _constant_last(fold: Sweep, v: Value) -> Value | None:
    """(p + c) + x = (p + x) + c for a pointer p, so that accesses take over the constant"""
    inner, x = v.args
    c = right(inner) if inner.op is Op.ADD else None
    if c is None or v.type.space is None or inner.type != v.type or number(x) is not None:
        return None
    if inner.args[0].type.space is not v.type.space:
        return None
    moved = fold.emit(Op.ADD, [inner.args[0], x], None, v, v.type)
    return become(v, Op.ADD, [moved, inner.args[1]])


def _sub(fold: Sweep, v: Value) -> Value | None:
    """x - c = x + (-c);  0 - x = -x;  c - (x + d) = (c - d) - x;  c - (d - x) = x + (c - d)"""
    by, x = right(v), v.args[1]
    if by is not None and v.args[0].type == v.type:
        return become(v, Op.ADD, [v.args[0], fold.const(-by, v)])
    c = number(v.args[0])
    if c is None:
        return None
    if x.op is Op.ADD and x.type == v.type and (d := right(x)) is not None:
        return become(v, Op.SUB, [fold.const(c - d, v), x.args[0]])
    if x.op is Op.SUB and (d := number(x.args[0])) is not None:
        return become(v, Op.ADD, [x.args[1], fold.const(c - d, v)])
    return become(v, Op.NEG, [x]) if c == 0 else None


def _mul(fold: Sweep, v: Value) -> Value | None:
    """x * 2ⁿ = x << n;  x * -1 = -x"""
    by = right(v)
    if by == MASK:
        return become(v, Op.NEG, [v.args[0]])
    if by and by & (by - 1) == 0:
        return become(v, Op.SHL, [v.args[0], fold.const(by.bit_length() - 1, v)])
    return None


def _div(fold: Sweep, v: Value) -> Value | None:
    """x / 0 = 0;  x / 2ⁿ = x >> n"""
    by = right(v)
    if by == 0:
        return fold.const(0, v)
    if by and by & (by - 1) == 0:
        return become(v, Op.LSHR, [v.args[0], fold.const(by.bit_length() - 1, v)])
    return None


def _mod(fold: Sweep, v: Value) -> Value | None:
    """x mod 0 = x;  x mod 2ⁿ = x & (2ⁿ - 1)"""
    by = right(v)
    if by and by & (by - 1) == 0:
        return become(v, Op.AND, [v.args[0], fold.const(by - 1, v)])
    return v.args[0] if by == 0 else None


def _and(fold: Sweep, v: Value) -> Value | None:
    """x & mask = x if x has no bit outside;  x & ones(32) = zext 32 x, which needs no constant"""
    mask = right(v)
    if mask == ones(32):
        return become(v, Op.ZEXT, [v.args[0]], 32)
    x = v.args[0]
    if mask is not None and fold.bits.get(x, MASK) & ~mask == 0 and x not in fold.unseen:
        return x
    return None


def _shift(fold: Sweep, v: Value) -> Value | None:
    """(x << c) << d = x << (c + d), or 0 past 63 bits; likewise >>, where ashr stops at 63"""
    inner, by = v.args[0], right(v)
    if by is not None and by > 63:
        return become(v, v.op, [inner, fold.const(by & 63, v)])
    before = right(inner) if inner.op is v.op else None
    if by is None or before is None or before > 63:
        return None
    if before + by > 63 and v.op is not Op.ASHR:
        return fold.const(0, v)
    return become(v, v.op, [inner.args[0], fold.const(min(before + by, 63), v)])


def _shift_pair(_: Sweep, v: Value) -> Value | None:
    """(x << n) >> n = zext (64 - n) x, or sext for the arithmetic shift"""
    inner, by = v.args[0], right(v)
    if inner.op is not Op.SHL or by is None or by != right(inner) or by not in (32, 48, 56):
        return None
    return become(v, Op.ZEXT if v.op is Op.LSHR else Op.SEXT, [inner.args[0]], 64 - by)


def _nothing_left(fold: Sweep, v: Value) -> Value | None:
    """x >> n = 0 if x has no bit above n"""
    by = right(v)
    if by is not None and fold.bits.get(v.args[0], MASK) >> (by & 63) == 0:
        return fold.const(0, v)
    return None


def _neg(_: Sweep, v: Value) -> Value | None:
    """-(-x) = x"""
    return v.args[0].args[0] if v.args[0].op is Op.NEG else None


def _zext(fold: Sweep, v: Value) -> Value | None:
    """zext n x = x if x has no bit above n;  zext n (ext m x) = zext n x if n ≤ m"""
    x, n = v.args[0], width(v)
    if x.type == v.type and fold.bits.get(x, MASK) <= ones(n) and x not in fold.unseen:
        return x
    if x.op in (Op.ZEXT, Op.SEXT) and n <= width(x):
        return become(v, Op.ZEXT, [x.args[0]], n)
    return None


def _sext(fold: Sweep, v: Value) -> Value | None:
    """sext n x = x if x is within n signed bits;  sext n (ext m x) = sext n x if n ≤ m"""
    x, n = v.args[0], width(v)
    low, high = signed_range(x, fold.bits)
    if x.type == v.type and low >= -(1 << n - 1) and high < 1 << n - 1:
        return x
    if x.op in (Op.ZEXT, Op.SEXT) and n <= width(x):
        return become(v, Op.SEXT, [x.args[0]], n)
    return None


def _bswap(_: Sweep, v: Value) -> Value | None:
    """bswap n (bswap n x) = zext n x;  bswap n (ext m x) = bswap n x if n ≤ m"""
    x, n = v.args[0], width(v)
    if x.op is Op.BSWAP and n == width(x):
        return become(v, Op.ZEXT, [x.args[0]], n)
    if x.op in (Op.ZEXT, Op.SEXT) and n <= width(x):
        return become(v, Op.BSWAP, [x.args[0]], n)
    return None


ARITHMETIC: dict[Op, tuple[Rule, ...]] = {
    Op.ADD: (_neutral(0), _chain, _add_difference, _constant_last),
    Op.SUB: (_neutral(0), _same_is_zero, _sub),
    Op.MUL: (_neutral(1), _absorbing(0), _mul, _chain),
    Op.UDIV: (_neutral(1), _div),
    Op.UMOD: (_mod,),
    Op.AND: (_absorbing(0), _same_is_itself, _and, _chain),
    Op.OR: (_neutral(0), _absorbing(MASK), _same_is_itself, _chain),
    Op.XOR: (_neutral(0), _same_is_zero, _chain),
    Op.SHL: (_neutral(0), _shift),
    Op.LSHR: (_neutral(0), _shift, _shift_pair, _nothing_left),
    Op.ASHR: (_neutral(0), _shift, _shift_pair),
    Op.NEG: (_neg,),
    Op.ZEXT: (_zext,),
    Op.SEXT: (_sext,),
    Op.BSWAP: (_bswap,),
}
"""The rules of each operation, in the order they are tried."""
