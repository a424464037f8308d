"""Selection: the machine instructions for each value of the IR.

In:  a checked IR function.
Out: `select(fn) -> Function`: virtual registers, edges with parallel copies.
Rule: one method per group of ops and one line per op in `_EMIT`. Constants, addresses of maps
and of the stack are made where they are used; registers for everything else are made once, where
the value is.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.helpers import HELPERS
from kring.abi.isa import FRAME_POINTER, OPS, Insn
from kring.errors import InternalError
from kring.ir import core as ir
from kring.ir.core import ATOMICS, ROWS, Core, Kfunc, Mem, Op, Space, Span, Value
from kring.lower.frame import place
from kring.lower.lir import (
    ASM,
    CALL,
    CALL_KFUNC,
    CALL_LOCAL,
    FRAME,
    MOVE,
    Block,
    Callee,
    Function,
    Inst,
)
from kring.lower.operands import FREE, Operands, small
from kring.lower.widths import Widths

_VERBS = {
    Op.ADD: "add", Op.SUB: "sub", Op.MUL: "mul", Op.UDIV: "div", Op.UMOD: "mod", Op.AND: "and",
    Op.OR: "or", Op.XOR: "xor", Op.SHL: "lsh", Op.LSHR: "rsh", Op.ASHR: "arsh",
}  # fmt: skip
_SHIFTS = frozenset({Op.SHL, Op.LSHR, Op.ASHR})
# The jump for a comparison, and for the same with its operands exchanged.
_JUMPS = {
    Op.EQ: ("jeq", "jeq"), Op.NE: ("jne", "jne"), Op.SET: ("jset", "jset"),
    Op.ULT: ("jlt", "jgt"), Op.ULE: ("jle", "jge"), Op.UGT: ("jgt", "jlt"),
    Op.UGE: ("jge", "jle"), Op.SLT: ("jslt", "jsgt"), Op.SLE: ("jsle", "jsge"),
    Op.SGT: ("jsgt", "jslt"), Op.SGE: ("jsge", "jsle"), Op.AND: ("jset", "jset"),
}  # fmt: skip
_LETTERS = {1: "b", 2: "h", 4: "w", 8: "dw"}
_UNROLL = 16
"""The most stores that clear memory; from there on a call does it, in spaces where it can."""
_CLEARED_BY_CALL = frozenset({Space.STACK, Space.VALUE, Space.RECORD})


def select(fn: ir.Fn) -> Function:
    """The function in machine instructions.

    needs: checked IR, every op of integers alone or with memory as `ir.core.ROWS` says.
    """
    out = Function([])
    selection = _Selection(fn, out)
    for index, param in enumerate(fn.entry.params):
        selection.emit("mov64_x", selection.define(param), index + 1)
    for block in fn.blocks:
        selection.fill(block)
    return out


class _Selection:
    """Where selection stands: the block being filled, and the registers of the values so far."""

    def __init__(self, fn: ir.Fn, out: Function) -> None:
        self.out = out
        self.operands = Operands(fn, place(fn, out))
        self.widths = Widths(fn)
        self.regs: dict[Value, int] = {}
        self.blocks = {block: Block() for block in fn.blocks}
        self.block = self.blocks[fn.entry]
        self.span: Span | None = None

    def fill(self, block: ir.Block) -> None:
        """The block's code, and its edges."""
        self.block = self.blocks[block]
        self.out.blocks.append(self.block)
        for value in block.body:
            self.span = value.span
            _EMIT[value.op](self, value)
        assert block.end is not None
        self.span = self.block.span = block.end.span
        if block.end.op is Op.RET:
            self.put(0, block.end.args[0])
        elif block.end.op is Op.BR:
            self.block.test = self.test(block.end.args[0])
        self.block.to = [self.blocks[edge.block] for edge in block.edges]
        self.block.copies = [self._pass(edge) for edge in block.edges]

    def _pass(self, edge: ir.Edge) -> list[Inst]:
        pairs = zip(edge.block.params, edge.args, strict=True)
        return [self._copy(self.define(param), arg) for param, arg in pairs]

    def emit(
        self,
        name: str,
        dst: int = 0,
        src: int = 0,
        off: int = 0,
        imm: int = 0,
        ref: Core | None = None,
    ) -> None:
        """One instruction at the end of the block."""
        self.block.insns.append(Inst(OPS[name], dst, src, off, imm, ref, span=self.span))

    # -- registers

    def define(self, value: Value) -> int:
        """The register of the value's result, the same whenever it is asked for."""
        if value not in self.regs:
            self.regs[value] = self.out.reg()
        return self.regs[value]

    def reg(self, value: Value) -> int:
        """A register that holds the value, only to be read."""
        if value in self.operands.kept or not self.operands.is_free(value):
            return self.define(value)
        dst = self.out.reg()
        self.put(dst, value)
        return dst

    def put(self, dst: int, value: Value) -> None:
        """The value in `dst`."""
        self.block.insns.append(self._copy(dst, value))

    def _copy(self, dst: int, value: Value) -> Inst:
        inst = None
        if value not in self.operands.kept:
            inst = self.operands.free(value, dst)
        if inst is None:
            inst = Inst(MOVE, dst, self.define(value))
        inst.span = self.span
        return inst

    # -- arithmetic

    def keep(self, value: Value) -> None:
        """A register set to a value that could be repeated, if it is cheaper to keep."""
        if value in self.operands.kept:
            inst = self.operands.free(value, self.define(value))
            assert inst is not None
            inst.span = self.span
            self.block.insns.append(inst)

    def binary(self, value: Value) -> None:
        """dst = a; dst op= b."""
        if self.operands.is_free(value):
            return self.keep(value)
        if value in self.operands.fused:
            return None
        a, b = value.args
        if ROWS[value.op].commutes and small(a) is not None:
            a, b = b, a
        dst, number, verb = self.define(value), small(b), f"{_VERBS[value.op]}64"
        if value.op is Op.AND and ir.number(b) == 0xFFFF_FFFF:
            return self.emit("mov32_x", dst, self.reg(a))
        if self.widths.short(value):
            verb, constant = f"{_VERBS[value.op]}32", ir.number(b)
            number = None if constant is None else _sign(constant, 32)
        if number is None and (fact := _immediate(value.op, b)) is not None:
            self.put(dst, a)
            return self.emit(f"{verb}_k", dst, ref=fact)
        if number is None:
            right = self.reg(b)
            self.put(dst, a)
            return self.emit(f"{verb}_x", dst, right)
        if number == 0 and value.op is Op.UDIV:
            return self.emit("mov64_k", dst)
        if number == 0 and value.op is Op.ADD and self.widths.short(value):
            return self.emit("mov32_x", dst, self.reg(a))
        self.put(dst, a)
        if number != 0 or value.op not in (Op.UMOD, Op.ADD):
            number = number & 63 if value.op in _SHIFTS else number
            self.emit(f"{verb}_k", dst, imm=number)
        return None

    def unary(self, value: Value) -> None:
        """dst = a; dst = op dst."""
        dst = self.define(value)
        self.put(dst, value.args[0])
        width = 32 if self.widths.is_narrow(value) else 64
        self.emit(f"neg{width}" if value.op is Op.NEG else f"be{value.imm}", dst)

    def extend(self, value: Value) -> None:
        """The low bits, with the rest cleared or copies of the highest."""
        assert isinstance(value.imm, int)
        if value in self.widths.halves:
            return None
        dst, bits = self.define(value), value.imm
        if value.op is Op.ZEXT and bits == 32:
            if self.widths.is_copy(value):
                return self.put(dst, value.args[0])
            return self.emit("mov32_x", dst, self.reg(value.args[0]))
        self.put(dst, value.args[0])
        if value.op is Op.ZEXT and bits < 32:
            return self.emit("and64_k", dst, imm=(1 << bits) - 1)
        return self._shift_out(dst, bits, "arsh64_k" if value.op is Op.SEXT else "rsh64_k")

    def _shift_out(self, dst: int, bits: int, back: str) -> None:
        if bits < 64:
            self.emit("lsh64_k", dst, imm=64 - bits)
            self.emit(back, dst, imm=64 - bits)

    # -- comparisons

    def test(self, value: Value) -> Inst:
        """A jump that is taken if the value is not 0."""
        if value in self.operands.fused:
            return self._comparison(value)
        width = 32 if value in self.widths.halves else 64
        return Inst(OPS[f"jne{width}_k"], self.reg(self.widths.source(value)), span=self.span)

    def _comparison(self, value: Value) -> Inst:
        a, b = value.args
        verb, mirrored = _JUMPS[value.op]
        if small(b) is None and small(a) is not None:
            a, b, verb = b, a, mirrored
        width, number, source = 64, small(b), self.widths.source
        if self.widths.short_jump(value):
            width, constant = 32, ir.number(b)
            number = None if constant is None else _sign(constant, 32)
        left = self.reg(source(a))
        if number is not None:
            return Inst(OPS[f"{verb}{width}_k"], left, imm=number, span=self.span)
        return Inst(OPS[f"{verb}{width}_x"], left, self.reg(source(b)), span=self.span)

    def compare(self, value: Value) -> None:
        """dst = 1; if the comparison does not hold, dst = 0."""
        if value in self.operands.fused:
            return None
        dst = self.define(value)
        if value.op is Op.SLT and small(value.args[1]) == 0:
            half = value.args[0] in self.widths.halves
            self.put(dst, self.widths.source(value.args[0]))
            return self.emit("rsh32_k", dst, imm=31) if half else self.emit("rsh64_k", dst, imm=63)
        test = self._comparison(value)
        self.emit("mov64_k", dst, imm=1)
        return self._clear_unless(test, dst)

    def _clear_unless(self, test: Inst, dst: int) -> None:
        """If the test does not hold, dst = 0."""
        before, clear, after = self.block, Block(span=self.span), Block()
        before.test, before.span = test, self.span
        before.to, before.copies = [after, clear], [[], []]
        clear.to, clear.copies = [after], [[]]
        self.block = clear
        self.emit("mov64_k", dst, imm=0)
        self.block = after
        self.out.blocks += [clear, after]

    def bound(self, value: Value) -> None:
        """dst = a; if it is not below the bound, dst = 0."""
        assert isinstance(value.imm, int)
        dst = self.define(value)
        self.put(dst, value.args[0])
        self._clear_unless(Inst(OPS["jlt64_k"], dst, imm=value.imm, span=self.span), dst)

    # -- memory

    def _address(self, base: Value, mem: Mem) -> tuple[int, int]:
        """Register and offset: the frame pointer itself for what is in the stack."""
        offset, place = 0 if mem.core else mem.offset, self.operands.frame(base)
        if place is not None:
            return FRAME_POINTER, place + offset
        register = self.reg(base)
        if -0x8000 <= offset < 0x8000:
            return register, offset
        moved = self.out.reg()
        self.emit("mov64_x", moved, register)
        self.emit("add64_k", moved, imm=offset)
        return moved, 0

    def load(self, value: Value) -> None:
        """dst = [base + offset], with sign extension done by shifts."""
        mem = _mem(value)
        base, offset = self._address(value.args[0], mem)
        dst = self.define(value)
        self.emit(f"ldx{_LETTERS[mem.size]}", dst, base, offset, ref=mem.core)
        if mem.signed and value not in self.widths.halves:
            self._shift_out(dst, mem.size * 8, "arsh64_k")

    def store(self, value: Value) -> None:
        """[base + offset] = value; constants need no register, except in the context, where
        kernels before 6.4 refuse them."""
        mem, (pointer, stored) = _mem(value), value.args
        base, offset = self._address(pointer, mem)
        number, letter = ir.number(stored), _LETTERS[mem.size]
        if number is not None:
            number = _sign(number, mem.size * 8)
        if number is None or not _fits(number) or pointer.type.space is Space.CTX:
            source = self.reg(stored)
            return self.emit(f"stx{letter}", base, source, offset, ref=mem.core)
        return self.emit(f"st{letter}", base, 0, offset, number, mem.core)

    def zero(self, value: Value) -> None:
        """Stores of 0 as wide as alignment allows, or for much memory a call that does it."""
        mem, pointer = _mem(value), value.args[0]
        pieces = list(ir.aligned(mem.offset, mem.size))
        if len(pieces) > _UNROLL and pointer.type.space in _CLEARED_BY_CALL:
            return self._zero_by_call(pointer, mem)
        for start, size in pieces:
            base, offset = self._address(pointer, Mem(start, size))
            self.emit(f"st{_LETTERS[size]}", base, 0, offset)
        return None

    def _zero_by_call(self, pointer: Value, mem: Mem) -> None:
        """Reading from address 0 faults, and a probe that faults clears the whole buffer.

        See: kernel/trace/bpf_trace.c, bpf_probe_read_kernel_common.
        """
        place = self.operands.frame(pointer)
        if place is not None:
            self.block.insns.append(Inst(FRAME, 1, imm=place + mem.offset, span=self.span))
        else:
            self.put(1, pointer)
            if mem.offset:
                self.emit("add64_k", 1, imm=mem.offset)
        self.emit("mov64_k", 2, imm=mem.size)
        self.emit("mov64_k", 3)
        self._call("probe_read_kernel", 3)

    def atomic(self, value: Value) -> None:
        """[base + offset] op= value, at once."""
        mem, (pointer, operand) = _mem(value), value.args
        base, offset = self._address(pointer, mem)
        name = f"atomic_{value.op.value.removeprefix('atomic_')}{mem.size * 8}"
        self.emit(name, base, self.reg(operand), offset, ref=mem.core)

    def fetch(self, value: Value) -> None:
        """dst = value; [base + offset] op= dst and dst = what was there, at once."""
        mem, (pointer, operand) = _mem(value), value.args
        base, offset = self._address(pointer, mem)
        dst = self.define(value)
        self.put(dst, operand)
        name = "xchg" if value.op is Op.EXCHANGE else f"atomic_{value.op.value}"
        self.emit(f"{name}{mem.size * 8}", base, dst, offset, ref=mem.core)

    def compare_exchange(self, value: Value) -> None:
        """r0 = expected; if [base + offset] is r0 it becomes new; r0 = what was there, at once."""
        mem, (pointer, expected, new) = _mem(value), value.args
        base, offset = self._address(pointer, mem)
        source = self.reg(new)
        self.put(0, expected)
        self.emit(f"cmpxchg{mem.size * 8}", base, source, offset, ref=mem.core)
        self.emit("mov64_x", self.define(value), 0)

    def field(self, value: Value) -> None:
        """dst = base; dst += an offset to be patched."""
        assert isinstance(value.imm, Core)
        dst = self.define(value)
        self.put(dst, value.args[0])
        self.emit("add64_k", dst, ref=value.imm)

    def asm(self, value: Value) -> None:
        """The instruction itself; dst = r0."""
        assert isinstance(value.imm, Insn)
        self.block.insns.append(Inst(ASM, ref=value.imm, span=self.span))
        self.emit("mov64_x", self.define(value), 0)

    # -- calls

    def call(self, value: Value) -> None:
        """Arguments to r1 and up, those in registers first, so that they need them no longer."""
        args = list(enumerate(value.args, 1))
        for wanted in (False, True):
            for register, arg in args:
                if self.operands.is_free(arg) is wanted:
                    self.put(register, arg)
        if isinstance(value.imm, Kfunc):
            self.block.insns.append(Inst(CALL_KFUNC, ref=value.imm, args=len(args), span=self.span))
        else:
            self._call(str(value.imm), len(args))
        self.emit("mov64_x", self.define(value), 0)

    def _call(self, name: str, args: int) -> None:
        if name.startswith(ir.LOCAL):
            ref = Callee(name.removeprefix(ir.LOCAL))
            call = Inst(CALL_LOCAL, imm=-1, ref=ref, args=args, span=self.span)
            return self.block.insns.append(call)
        if name not in HELPERS:
            raise InternalError(f"no helper is named {name!r}")
        return self.block.insns.append(Inst(CALL, imm=HELPERS[name].id, args=args, span=self.span))


def _immediate(op: Op, value: Value) -> Core | None:
    """A fact of the target that an instruction holds itself; as a divisor it might be 0, which
    none may hold."""
    fact = value.imm
    if value.op is not Op.CORE or not isinstance(fact, Core) or op in (Op.UDIV, Op.UMOD):
        return None
    return fact if fact.kind != "enum_value" else None


def _mem(value: Value) -> Mem:
    assert isinstance(value.imm, Mem)
    return value.imm


def _sign(number: int, bits: int) -> int:
    """The signed reading of the low bits."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def _fits(number: int) -> bool:
    return -(1 << 31) <= number < 1 << 31


_EMIT: dict[Op, Callable[[_Selection, Value], None]] = {
    **dict.fromkeys(_VERBS, _Selection.binary),
    **dict.fromkeys((op for op, row in ROWS.items() if row.compares), _Selection.compare),
    **dict.fromkeys((Op.NEG, Op.BSWAP), _Selection.unary),
    **dict.fromkeys((Op.ZEXT, Op.SEXT), _Selection.extend),
    **dict.fromkeys((*FREE, Op.STACK), _Selection.keep),
    Op.BOUND: _Selection.bound,
    Op.FIELD: _Selection.field,
    Op.LOAD: _Selection.load,
    Op.STORE: _Selection.store,
    Op.ZERO: _Selection.zero,
    **{op: _Selection.fetch if ROWS[op].result else _Selection.atomic for op in ATOMICS},
    Op.COMPARE_EXCHANGE: _Selection.compare_exchange,
    Op.CALL: _Selection.call,
    Op.KFUNC: _Selection.call,
    Op.ASM: _Selection.asm,
}
