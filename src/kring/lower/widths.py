"""What can be done in 32 bits, where that is shorter or faster.

In:  a checked IR function.
Out: `Widths`, answers about its values.
Rule: a 32-bit operation looks at the low halves of its operands and clears the high half of its
result; so does a 32-bit jump look at low halves only. Nothing here changes anything.
"""

from __future__ import annotations

from kring.ir.core import I64, MASK, ROWS, Fn, Mem, Op, Value, number, signed
from kring.ir.passes.bits import all_bits

_LOW = (1 << 32) - 1
_SIGNED = frozenset({Op.SLT, Op.SLE, Op.SGT, Op.SGE})
_EQUAL = frozenset({Op.EQ, Op.NE})
# Ops whose low half is made of the low halves of their operands.
_LOW_ONLY = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.NEG})
_BITWISE = frozenset({Op.OR, Op.XOR})
_DIVIDE = frozenset({Op.UDIV, Op.UMOD})


class Widths:
    """Answers about the values of one function.

    `halves` are extensions from 32 bits that only 32-bit comparisons read, which need none.
    """

    def __init__(self, fn: Fn) -> None:
        self._bits = all_bits(fn)
        self._users: dict[Value, list[Value | None]] = {}
        for value in fn.values():
            for arg in value.args:
                self._users.setdefault(arg, []).append(value)
        for block in fn.blocks:
            for edge in block.edges:
                for arg in edge.args:
                    self._users.setdefault(arg, []).append(None)
        self.halves = frozenset(v for v in self._users if self._is_half(v))
        self._narrow = frozenset(v for v in self._users if self._only_low(v))

    def source(self, value: Value) -> Value:
        """The value whose register a 32-bit comparison reads for this one."""
        return value.args[0] if value in self.halves and value.op is not Op.LOAD else value

    def short_jump(self, comparison: Value) -> bool:
        """Whether a comparison has to be done, or is shorter, in 32 bits."""
        if any(arg in self.halves for arg in comparison.args):
            return True
        return any(self._long(arg) for arg in comparison.args) and self._compares_low(comparison)

    def is_narrow(self, value: Value) -> bool:
        """Whether an operation is done in 32 bits because nobody looks at more of it."""
        return value in self._narrow

    def short(self, value: Value) -> bool:
        """Whether an operation is done in 32 bits."""
        if self.is_narrow(value):
            return True
        a, b = value.args
        if value.op is Op.AND:
            return self._long(b)
        if value.op in _BITWISE:
            return self._long(b) and self._is_low(a)
        return value.op in _DIVIDE and self._is_low(a) and self._is_low(b)

    def is_copy(self, extension: Value) -> bool:
        """Whether what is extended has its high half cleared already."""
        return extension.imm == 32 and extension.args[0] in self._narrow

    def _is_half(self, value: Value) -> bool:
        match value.op, value.imm:
            case ((Op.ZEXT | Op.SEXT), 32) if value.args[0].type == I64:
                pass
            case Op.LOAD, Mem(size=4, signed=True):
                pass
            case _:
                return False
        return all(
            user is not None and (user.op is Op.BR or self._compares_low(user))
            for user in self._users[value]
        )

    def _only_low(self, value: Value) -> bool:
        by = number(value.args[1]) if value.op is Op.SHL else None
        if value.op not in _LOW_ONLY and (by is None or by >= 32):
            return False
        return value.type.space is None and all(
            user is not None and user.op is Op.ZEXT and user.imm == 32 and user not in self.halves
            for user in self._users[value]
        )

    def _compares_low(self, value: Value) -> bool:
        """Whether the low halves of the operands decide a comparison."""
        if not ROWS[value.op].compares:
            return False
        if value.op not in _SIGNED and all(map(self._is_low, value.args)):
            return True
        return (value.op in _SIGNED or value.op in _EQUAL) and all(map(_is_int, value.args))

    def _is_low(self, value: Value) -> bool:
        return self._bits.get(value, MASK) <= _LOW

    def _long(self, value: Value) -> bool:
        """Whether it is a constant that only a 32-bit instruction can hold."""
        constant = number(value)
        return constant is not None and 1 << 31 <= constant <= _LOW


def _is_int(value: Value) -> bool:
    """Whether the value is the sign extension of its low half."""
    constant = number(value)
    if constant is not None:
        return -(1 << 31) <= signed(constant) < 1 << 31
    match value.op, value.imm:
        case Op.SEXT, int(bits):
            return bits <= 32
        case Op.LOAD, Mem(size=size, signed=True):
            return size <= 4
        case _:
            return False
