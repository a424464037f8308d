"""Identities of comparisons, for `fold`; each states its own in algebra."""

from __future__ import annotations

from kring.ir.core import I64, MASK, ROWS, Op, Value, number
from kring.ir.passes.bits import ones, signed_range, width
from kring.ir.passes.sweep import INVERSE, Rule, Sweep, become, right


def _compare_same(fold: Sweep, v: Value) -> Value | None:
    """x = x, x ≤ x, not x < x"""
    evaluate = ROWS[v.op].evaluate
    if v.args[0] is not v.args[1] or evaluate is None:
        return None
    return fold.const(evaluate([0, 0], 0), v)


def _equal_null(fold: Sweep, v: Value) -> Value | None:
    """p = 0 never, for a pointer that is not null"""
    if right(v) == 0 and v.args[0].type.never_null:
        return fold.const(int(v.op is Op.NE), v)
    return None


def _equal_truth(_: Sweep, v: Value) -> Value | None:
    """(a ∘ b) ≠ 0 is a ∘ b itself;  (a ∘ b) = 0 its inverse; with 1 the other way round"""
    x, c = v.args[0], right(v)
    if c not in (0, 1) or not ROWS[x.op].compares:
        return None
    if (v.op is Op.NE) == (c == 0):
        return x
    return become(v, INVERSE[x.op], list(x.args)) if x.op in INVERSE else None


def _equal_bits(fold: Sweep, v: Value) -> Value | None:
    """x = c never, if c has a bit that x cannot have;  (x & y) ≠ 0 is x set y"""
    x, c = v.args[0], right(v)
    if c is None:
        return None
    if c & ~fold.bits.get(x, MASK):
        return fold.const(int(v.op is Op.NE), v)
    if c == 0 and x.op is Op.AND and v.op is Op.NE:
        return become(v, Op.SET, list(x.args))
    return None


def _equal_masked(fold: Sweep, v: Value) -> Value | None:
    """(x >> n) & m = c is x & (m << n) = c << n;  x & m = m, for one bit m, is x set m"""
    x, c = v.args[0], right(v)
    if c is None or x.op is not Op.AND or (m := right(x)) is None:
        return None
    shifted, n = x.args[0], right(x.args[0]) if x.args[0].op is Op.LSHR else None
    if n and n < 32 and m << n < _SMALL and c & ~m == 0:
        masked = fold.emit(Op.AND, [shifted.args[0], fold.const(m << n, v)], None, v)
        return become(v, v.op, [masked, fold.const(c << n, v)])
    if c == m and m & m - 1 == 0:
        if v.op is Op.EQ:
            return become(v, Op.SET, list(x.args))
        return become(v, Op.EQ, [x, fold.const(0, v)])
    return None


def _equal_inverse(fold: Sweep, v: Value) -> Value | None:
    """x + c = d is x = d - c;  x ^ c = d is x = d ^ c;  x - y = 0 is x = y"""
    x, d = v.args[0], right(v)
    if d is None or len(x.args) != 2 or x.type != I64:
        return None
    c = right(x)
    if d == 0 and x.op in (Op.SUB, Op.XOR) and c is None:
        return become(v, v.op, list(x.args))
    if c is None or x.args[0].type != I64 or x.op not in (Op.ADD, Op.XOR):
        return None
    return become(v, v.op, [x.args[0], fold.const(d - c if x.op is Op.ADD else d ^ c, v)])


def _equal_bswap(fold: Sweep, v: Value) -> Value | None:
    """bswap n x = c is x = bswap n c, and bswap n x = bswap n y is x = y, for n bits wide x, y

    where no operation wants more of bswap n x: else both would be kept.
    """
    x, y = v.args
    if x.op is not Op.BSWAP or fold.bits.get(x.args[0], MASK) > ones(width(x)):
        return None
    if x in fold.swapped:
        return None
    if y.op is Op.BSWAP and y.imm == x.imm and fold.bits.get(y.args[0], MASK) <= ones(width(x)):
        return become(v, v.op, [x.args[0], y.args[0]])
    c, swap = number(y), ROWS[Op.BSWAP].evaluate
    if c is None or swap is None:
        return None
    return become(v, v.op, [x.args[0], fold.const(swap([c], width(x)), v)])


def _in_order(fold: Sweep, v: Value) -> Value | None:
    """x < c is decided if it is the same for the least and the greatest x"""
    c, evaluate = right(v), ROWS[v.op].evaluate
    if c is None or evaluate is None or v.args[0] in fold.unseen:
        return None
    if v.op in _UNSIGNED:
        ends = 0, ones(fold.bits.get(v.args[0], MASK).bit_length())
    else:
        ends = signed_range(v.args[0], fold.bits)
    low, high = (evaluate([end & MASK, c], 0) for end in ends)
    return fold.const(low, v) if low == high else None


def _order_is_equality(fold: Sweep, v: Value) -> Value | None:
    """unsigned: x < 1, x ≤ 0 is x = 0;  x ≥ 1, x > 0 is x ≠ 0"""
    for_c = {Op.ULT: 1, Op.ULE: 0, Op.UGE: 1, Op.UGT: 0}
    if right(v) != for_c[v.op]:
        return None
    op = Op.EQ if v.op in (Op.ULT, Op.ULE) else Op.NE
    return become(v, op, [v.args[0], fold.const(0, v)])


def _set(fold: Sweep, v: Value) -> Value | None:
    """x set y never without a common bit;  x set c is x ≠ 0 if x has no bit outside c;
    (x >> n) set c is x set (c << n)"""
    x, y = (fold.bits.get(arg, MASK) for arg in v.args)
    if x & y == 0:
        return fold.const(0, v)
    c, shifted = right(v), v.args[0]
    if c is not None and shifted.op is Op.LSHR and (n := right(shifted)) is not None:
        if n < 32 and c << n < _SMALL:
            return become(v, Op.SET, [shifted.args[0], fold.const(c << n, v)])
    if (c is not None and x & ~c == 0) or v.args[0] is v.args[1]:
        return become(v, Op.NE, [v.args[0], fold.const(0, v)])
    return None


_SMALL = 1 << 31
"""Constants below this one stand in an instruction themselves."""
_UNSIGNED = frozenset((Op.ULT, Op.ULE, Op.UGT, Op.UGE))
_EQUAL = (
    _compare_same,
    _equal_null,
    _equal_truth,
    _equal_bits,
    _equal_masked,
    _equal_bswap,
    _equal_inverse,
)
_ORDER = (_compare_same, _in_order)

COMPARISONS: dict[Op, tuple[Rule, ...]] = {
    Op.EQ: _EQUAL,
    Op.NE: _EQUAL,
    Op.SET: (_set,),
    **dict.fromkeys((Op.ULT, Op.ULE, Op.UGT, Op.UGE), (*_ORDER, _order_is_equality)),
    **dict.fromkeys((Op.SLT, Op.SLE, Op.SGT, Op.SGE), _ORDER),
}
"""The rules of each operation, in the order they are tried."""
