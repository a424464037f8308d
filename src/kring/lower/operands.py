"""What selection asks about values: which can be repeated at each use, which fuse with branches.

In:  an IR function.
Out: `Operands`, its answers; `free_inst`, the instruction that makes a repeatable value.
Rule: nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.abi.isa import Pseudo
from kring.ir.core import ACCESSES, MASK, ROWS, Core, Fn, GlobalRef, Op, Value, number, signed
from kring.lower.lir import FRAME, MOVE32_K, MOVE_K, WIDE, Inst, slots

FREE = frozenset({Op.CONST, Op.MAP, Op.GLOBAL, Op.BTF_ID, Op.CORE})
# Users that copy the operand to a register of their own first.
_COPYING = frozenset({Op.CALL, Op.KFUNC, Op.RET, Op.NEG, Op.SEXT, Op.BSWAP, Op.FIELD})


def small(value: Value) -> int | None:
    """The immediate operand, signed 32 bits, that stands for a constant; None if there is none."""
    bits = number(value)
    if bits is None:
        return None
    imm = signed(bits)
    return imm if -(1 << 31) <= imm < 1 << 31 else None


def set_constant(dst: int, bits: int) -> Inst:
    """The shortest instruction that sets a register to these 64 bits."""
    imm = signed(bits & MASK)
    if -(1 << 31) <= imm < 1 << 31:
        return Inst(MOVE_K, dst, imm=imm)
    if 0 <= imm < 1 << 32:
        return Inst(MOVE32_K, dst, imm=imm - (1 << 32))
    return Inst(WIDE, dst, imm=imm & MASK)


class Operands:
    """Answers about the values of one function; `frame` has those that are places in the stack.

    `fused` are values that only branches use and that cost no more there than a test of their
    result. `kept` are values that could be repeated at each use, but are used so often that a
    register is shorter; everything else that `free` knows never stays in one.
    """

    def __init__(self, fn: Fn, frame: Mapping[Value, int]) -> None:
        self._frame = frame
        self._plain: dict[Value, int] = {}
        self._copied: dict[Value, int] = {}
        self._tested: dict[Value, int] = {}
        for value in fn.values():
            self._count(value)
        for block in fn.blocks:
            for edge in block.edges:
                for value in edge.args:
                    _bump(self._copied, value)
        self.fused = frozenset(v for v in self._tested if self._fuses(v))
        self.kept = frozenset(v for v in (*self._plain, *self._copied) if self._pays(v))

    def frame(self, value: Value) -> int | None:
        """The offset from the frame pointer, if the value is a known place in the stack."""
        return self._frame.get(value)

    def is_free(self, value: Value) -> bool:
        """Whether the value can be made from nothing wherever it is used."""
        return value.op in FREE or value in self._frame

    def free(self, value: Value, dst: int) -> Inst | None:
        """The instruction that sets a register to the value, if it needs no other register."""
        match value.op, value.imm:
            case Op.CONST, int(bits):
                return set_constant(dst, bits)
            case Op.MAP, str(name):
                return Inst(WIDE, dst, Pseudo.MAP_FD, ref=name)
            case Op.GLOBAL, GlobalRef() as place:
                return Inst(WIDE, dst, Pseudo.MAP_VALUE, ref=place)
            case Op.BTF_ID, int(id):
                return Inst(WIDE, dst, Pseudo.BTF_ID, imm=id)
            case Op.CORE, Core() as fact:
                # An enumerator may need all of 64 bits.
                return Inst(WIDE if fact.kind == "enum_value" else MOVE_K, dst, ref=fact)
            case _:
                offset = self.frame(value)
                return None if offset is None else Inst(FRAME, dst, imm=offset)

    def _count(self, value: Value) -> None:
        for at, arg in enumerate(value.args):
            if value.op is Op.BR:
                _bump(self._tested, arg)
            elif value in self._frame or small(arg) is not None:
                continue  # needs no register
            elif at == 0 and value.op in ACCESSES and arg in self._frame:
                continue  # addressed from the frame pointer
            elif value.op in _COPYING or at == _overwritten(value.op):
                _bump(self._copied, arg)
            else:
                _bump(self._plain, arg)

    def _fuses(self, value: Value) -> bool:
        if value in self._plain or value in self._copied:
            return False
        return ROWS[value.op].compares or value.op is Op.AND

    def _pays(self, value: Value) -> bool:
        """Whether setting a register once, and copying it where a copy is needed, is shorter
        than making the value again for each use."""
        if not self.is_free(value):
            return False
        inst = self.free(value, 0)
        plain, copied = self._plain.get(value, 0), self._copied.get(value, 0)
        return inst is not None and slots(inst) == 2 and 2 + copied < 2 * (plain + copied)


def _overwritten(op: Op) -> int | None:
    """The operand that the machine's instruction puts the result in the place of."""
    row = ROWS[op]
    if not row.result or row.compares or row.args < 2:
        return None
    return 1 if row.modify else 0


def _bump(counts: dict[Value, int], value: Value) -> None:
    counts[value] = counts.get(value, 0) + 1
