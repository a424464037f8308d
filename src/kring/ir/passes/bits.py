"""Which bits of a value can be set: small facts that decide comparisons and drop masks."""

from __future__ import annotations

from collections.abc import Callable

from kring.ir.core import ATOMICS, MASK, ROWS, Block, Fn, Mem, Op, Value, number
from kring.ir.graph import predecessors, reverse_postorder

Bits = dict[Value, int]
"""The bits a value can have set; a value not in it can have any."""


def ones(count: int) -> int:
    """The `count` low bits."""
    return (1 << count) - 1 if count < 64 else MASK


def can_be(value: Value, bits: Bits) -> int:
    """The bits of the value that can be set, from those of its operands."""
    rule = _RULES.get(value.op)
    if rule is not None:
        return rule(value, [bits.get(arg, MASK) for arg in value.args])
    return 1 if ROWS[value.op].compares else MASK


def all_bits(fn: Fn) -> Bits:
    """The bits that each value of the function can have set."""
    bits: Bits = {}
    done: set[Block] = set()
    preds = predecessors(fn)
    for block in reverse_postorder(fn):
        if block.params and preds[block] and done.issuperset(preds[block]):
            join_bits(block, preds[block], bits)
        for value in block.body:
            bits[value] = can_be(value, bits)
        done.add(block)
    return bits


def join_bits(block: Block, preds: list[Block], bits: Bits) -> None:
    """What the block's parameters can be, once all blocks before are known."""
    for i, param in enumerate(block.params):
        found = 0
        for pred in dict.fromkeys(preds):
            for edge in pred.edges:
                if edge.block is block:
                    found |= bits.get(edge.args[i], MASK)
        bits[param] = found


UNSEEN = frozenset((Op.UDIV, Op.UMOD, Op.LSHR))
"""What the verifier may know nothing of, however small its operands are."""
_BOUNDING = frozenset((Op.AND, Op.ZEXT, Op.LSHR))


def is_unseen(value: Value, bits: Bits, unseen: set[Value]) -> bool:
    """Whether the verifier does not know the value's bits, as they come from such as it does not.

    A mask, an extension and a known shift leave no more bits than they do of anything.
    """
    if value.op in (Op.UDIV, Op.UMOD) or (value.op is Op.LSHR and _amount(value) is None):
        return bits[value] != MASK
    if unseen.isdisjoint(value.args):
        return False
    if value.op in _BOUNDING:
        seen = {arg: MASK if arg in unseen else bits.get(arg, MASK) for arg in value.args}
        return can_be(value, seen) & ~bits[value] != 0
    return bits[value] != MASK


def join_unseen(block: Block, preds: list[Block], unseen: set[Value]) -> None:
    """Whether one of the values that the block's parameters can be is unseen."""
    for i, param in enumerate(block.params):
        edges = (edge for pred in preds for edge in pred.edges if edge.block is block)
        if any(edge.args[i] in unseen for edge in edges):
            unseen.add(param)


def signed_range(value: Value, bits: Bits) -> tuple[int, int]:
    """The least and the greatest the value can be, read as signed."""
    most = bits.get(value, MASK)
    if most < 1 << 63:
        return 0, ones(most.bit_length())
    count = 64
    if value.op is Op.SEXT:
        count = width(value)
    elif value.op is Op.LOAD and isinstance(value.imm, Mem):
        count = value.imm.size * 8
    return -(1 << count - 1), (1 << count - 1) - 1


def width(value: Value) -> int:
    """The bits that an extension or a swap is about."""
    return value.imm if isinstance(value.imm, int) else 64


def _amount(value: Value) -> int | None:
    """By how much a shift shifts, if that is constant."""
    by = number(value.args[1])
    return None if by is None else by & 63


def _shl(value: Value, args: list[int]) -> int:
    by = _amount(value)
    return MASK if by is None else (args[0] << by) & MASK


def _lshr(value: Value, args: list[int]) -> int:
    by = _amount(value)
    return ones(args[0].bit_length()) if by is None else args[0] >> by


def _load(value: Value, _: list[int]) -> int:
    mem = value.imm
    narrow = isinstance(mem, Mem) and not mem.signed and value.type.space is None
    return ones(mem.size * 8) if narrow and isinstance(mem, Mem) else MASK


def _low(value: Value, args: list[int]) -> int:
    return args[0] & ones(width(value))


def _remainder(_: Value, args: list[int]) -> int:
    # x mod y is at most x, and below y unless y is 0, when it is x.
    return ones(args[0].bit_length())


_RULES: dict[Op, Callable[[Value, list[int]], int]] = {
    Op.CONST: lambda value, _: MASK if (known := number(value)) is None else known,
    Op.ADD: lambda _, a: ones(max(a).bit_length() + 1),
    Op.MUL: lambda _, a: ones(a[0].bit_length() + a[1].bit_length()),
    Op.UDIV: lambda _, a: ones(a[0].bit_length()),
    Op.UMOD: _remainder,
    Op.AND: lambda _, a: a[0] & a[1],
    Op.OR: lambda _, a: a[0] | a[1],
    Op.XOR: lambda _, a: a[0] | a[1],
    Op.SHL: _shl,
    Op.LSHR: _lshr,
    Op.ZEXT: _low,
    Op.SEXT: lambda value, a: a[0] if a[0] < 1 << width(value) - 1 else MASK,
    Op.BSWAP: lambda value, _: ones(width(value)),
    Op.LOAD: _load,
    **dict.fromkeys((op for op in ATOMICS if ROWS[op].result), _load),
}
