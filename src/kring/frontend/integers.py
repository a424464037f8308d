"""Arithmetic as the surface promises it, built from 64-bit operations.

Every integer is 64 bits. It is `u64` if an operand is, else `i64`; comparisons are the
mathematical ones whatever the signs; `//` and `%` floor, give 0 and the dividend for a divisor of
0; shift counts are masked to 63 and `>>` keeps the sign of signed values. Where the bounds of the
operands show that a cheaper form gives the same result, that one is built.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.decl.types import IntType
from kring.frontend.bounds import HIGHEST, LOWEST
from kring.frontend.builder import Builder, number
from kring.frontend.values import Num
from kring.ir.core import MASK, ROWS, Op, Value, signed


def constant(b: Builder, value: int) -> Num:
    """A constant: `i64` if it fits, else `u64`.

    Raises: OverflowError beyond 64 bits.
    """
    if not LOWEST <= value <= MASK:
        raise OverflowError(value)
    return Num(b.const(value), signed=value <= HIGHEST, written=True)


def known(*operands: Num) -> list[int] | None:
    """What the operands are, if all are constants."""
    if any(operand.value.op is not Op.CONST for operand in operands):
        return None
    return [
        signed(number(operand.value)) if operand.signed else number(operand.value)
        for operand in operands
    ]


def binary(b: Builder, op: str, left: Num, right: Num) -> Num:
    """`left op right`; the op is one of `BINARY`."""
    return BINARY[op](b, left, right)


def negate(b: Builder, operand: Num) -> Num:
    return Num(b.emit(Op.NEG, operand.value), operand.signed)


def invert(b: Builder, operand: Num) -> Num:
    return Num(b.emit(Op.XOR, operand.value, b.const(MASK)), operand.signed)


def truth(b: Builder, operand: Num) -> Value:
    """1 if the number is not 0."""
    value = operand.value
    return value if ROWS[value.op].compares else b.emit(Op.NE, value, b.const(0))


def compare(b: Builder, op: str, left: Num, right: Num) -> Value:
    """1 if the comparison holds between the mathematical values."""
    equal, signed_op, unsigned_op = _COMPARISONS[op]
    if left.signed == right.signed:
        use = signed_op if left.signed and not _both_natural(b, left, right) else unsigned_op
        return b.emit(use, left.value, right.value)
    if _both_natural(b, left, right):
        return b.emit(unsigned_op, left.value, right.value)
    odd = left if left.signed else right
    negative = b.emit(Op.SLT, odd.value, b.const(0))
    if equal:
        same = b.emit(unsigned_op, left.value, right.value)
        if unsigned_op is Op.EQ:
            return b.emit(Op.AND, same, b.emit(Op.XOR, negative, b.const(1)))
        return b.emit(Op.OR, same, negative)
    holds = b.emit(unsigned_op, left.value, right.value)
    negative_holds = (op in ("<", "<=")) == (odd is left)
    if negative_holds:
        return b.emit(Op.OR, holds, negative)
    return b.emit(Op.AND, holds, b.emit(Op.XOR, negative, b.const(1)))


def truncate(b: Builder, operand: Num, kind: IntType) -> Num:
    """The number as a variable of that type holds it."""
    bits = kind.size * 8
    if bits == 64:
        return Num(operand.value, kind.signed)
    low, high = b.bounds(operand.value)
    first, last = kind.range()
    if first <= low and high <= last:
        return Num(operand.value)
    return Num(b.emit(Op.SEXT if kind.signed else Op.ZEXT, operand.value, imm=bits))


def _natural(b: Builder, num: Num) -> bool:
    return b.bounds(num.value)[0] >= 0


def _both_natural(b: Builder, left: Num, right: Num) -> bool:
    """Whether the unsigned reading of both operands is their value."""
    return all(not num.signed or _natural(b, num) for num in (left, right))


def _plain(op: Op) -> Callable[[Builder, Num, Num], Num]:
    def build(b: Builder, left: Num, right: Num) -> Num:
        return Num(b.emit(op, left.value, right.value), left.signed and right.signed)

    return build


def _shift_right(b: Builder, left: Num, right: Num) -> Num:
    op = Op.ASHR if left.signed and not _natural(b, left) else Op.LSHR
    return Num(b.emit(op, left.value, right.value), left.signed)


def _shift_left(b: Builder, left: Num, right: Num) -> Num:
    return Num(b.emit(Op.SHL, left.value, right.value), left.signed)


def _floor_divide(b: Builder, left: Num, right: Num) -> Num:
    return _divide(b, left, right)[0]


def _modulo(b: Builder, left: Num, right: Num) -> Num:
    return _divide(b, left, right)[1]


def _divide(b: Builder, left: Num, right: Num) -> tuple[Num, Num]:
    """Quotient and remainder; the one not used is dead code.

    Signed operands are divided as magnitudes, then a quotient of unlike signs that has a
    remainder is lowered by one: floor(a/c) = -(|a|/|c|) - (|a|%|c| != 0), and a % c = a - c*q.
    With c = 0 the quotient is forced to 0, so the remainder is a.
    """
    unsigned = not (left.signed and right.signed)
    a, c = left.value, right.value
    if unsigned or _both_natural(b, left, right):
        quotient, remainder = b.emit(Op.UDIV, a, c), b.emit(Op.UMOD, a, c)
        return Num(quotient, not unsigned), Num(remainder, not unsigned)
    if (power := _power_of_two(right)) is not None:
        # Rounding down is what shifts and masks do.
        mask = b.const((1 << power) - 1)
        return Num(b.emit(Op.ASHR, a, b.const(power))), Num(b.emit(Op.AND, a, mask))
    sign_a, sign_c = (b.emit(Op.ASHR, x, b.const(63)) for x in (a, c))
    size_a, size_c = (
        b.emit(Op.SUB, b.emit(Op.XOR, x, sign), sign) for x, sign in ((a, sign_a), (c, sign_c))
    )
    unlike = b.emit(Op.XOR, sign_a, sign_c)
    whole, rest = b.emit(Op.UDIV, size_a, size_c), b.emit(Op.UMOD, size_a, size_c)
    inexact = b.emit(Op.AND, b.emit(Op.NE, rest, b.const(0)), unlike)
    lowered = b.emit(Op.SUB, b.emit(Op.SUB, b.emit(Op.XOR, whole, unlike), unlike), inexact)
    divides = b.emit(Op.NEG, b.emit(Op.NE, c, b.const(0)))
    quotient = b.emit(Op.AND, lowered, divides)
    return Num(quotient), Num(b.emit(Op.SUB, a, b.emit(Op.MUL, quotient, c)))


def _power_of_two(num: Num) -> int | None:
    """The exponent, if the number is a positive constant that has one."""
    for value in known(num) or ():
        if value > 0 and not value & (value - 1):
            return value.bit_length() - 1
    return None


BINARY: dict[str, Callable[[Builder, Num, Num], Num]] = {
    "+": _plain(Op.ADD),
    "-": _plain(Op.SUB),
    "*": _plain(Op.MUL),
    "&": _plain(Op.AND),
    "|": _plain(Op.OR),
    "^": _plain(Op.XOR),
    "<<": _shift_left,
    ">>": _shift_right,
    "//": _floor_divide,
    "%": _modulo,
}

_COMPARISONS: dict[str, tuple[bool, Op, Op]] = {
    "==": (True, Op.EQ, Op.EQ),
    "!=": (True, Op.NE, Op.NE),
    "<": (False, Op.SLT, Op.ULT),
    "<=": (False, Op.SLE, Op.ULE),
    ">": (False, Op.SGT, Op.UGT),
    ">=": (False, Op.SGE, Op.UGE),
}
"""Whether it is an equality, and its operations on signed and on unsigned operands."""
