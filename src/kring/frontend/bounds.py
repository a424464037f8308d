"""What a 64-bit integer can be, read as signed, from what it is made of."""

from __future__ import annotations

from collections.abc import Callable

from kring.decl.types import IntType
from kring.ir.core import MASK, ROWS, Mem, Op, Value, signed

HIGHEST = (1 << 63) - 1
LOWEST = -(1 << 63)
Range = tuple[int, int]
"""Smallest and largest value."""


def bounds(value: Value, depth: int = 4, known: Callable[[Value], Range] | None = None) -> Range:
    """Smallest and largest signed reading the value can have; `known` tells more about some."""
    found = _bounds(value, depth, known)
    if known is None:
        return found
    low, high = known(value)
    return max(found[0], low), min(found[1], high)


def _bounds(value: Value, depth: int, known: Callable[[Value], Range] | None) -> Range:
    everything = (LOWEST, HIGHEST)
    if not depth:
        return everything
    match value.op, value.imm:
        case Op.CONST, int(constant):
            return signed(constant), signed(constant)
        case Op.LOAD, Mem(_, size, sign) if size < 8:
            return IntType(size, sign).range()
        case ((Op.ZEXT | Op.BSWAP), int(bits)) if bits < 64:
            return 0, (1 << bits) - 1
        case Op.SEXT, int(bits):
            return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        case op, _ if ROWS[op].compares:
            return 0, 1
        case op, _ if op in _BOUNDS:
            a, c = (bounds(arg, depth - 1, known) for arg in value.args)
            low, high = _BOUNDS[op](a, c)
            return (low, high) if low >= LOWEST and high <= HIGHEST else everything
        case _:
            return everything


def _and(a: Range, c: Range) -> Range:
    natural = [high for low, high in (a, c) if low >= 0]
    return (0, min(natural)) if natural else (LOWEST, HIGHEST)


def _or(a: Range, c: Range) -> Range:
    if a[0] < 0 or c[0] < 0:
        return LOWEST, HIGHEST
    return 0, (1 << max(a[1].bit_length(), c[1].bit_length())) - 1


def _lshr(a: Range, c: Range) -> Range:
    count = c[0] & 63
    if c[0] != c[1] or not count:
        return LOWEST, HIGHEST
    return 0, (MASK if a[0] < 0 else a[1]) >> count


def _umod(a: Range, c: Range) -> Range:
    return (0, max(c[1] - 1, 0)) if c[0] > 0 else (LOWEST, HIGHEST)


def _udiv(a: Range, c: Range) -> Range:
    return (0, a[1] // max(c[0], 1)) if a[0] >= 0 and c[0] >= 0 else (LOWEST, HIGHEST)


def _mul(a: Range, c: Range) -> Range:
    corners = [x * y for x in a for y in c]
    return min(corners), max(corners)


_BOUNDS: dict[Op, Callable[[Range, Range], Range]] = {
    Op.ADD: lambda a, c: (a[0] + c[0], a[1] + c[1]),
    Op.SUB: lambda a, c: (a[0] - c[1], a[1] - c[0]),
    Op.MUL: _mul,
    Op.AND: _and,
    Op.OR: _or,
    Op.XOR: _or,
    Op.LSHR: _lshr,
    Op.UMOD: _umod,
    Op.UDIV: _udiv,
}
