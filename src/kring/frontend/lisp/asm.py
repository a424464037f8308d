"""`(asm op dst src off imm)`: one instruction of the machine, as it is.

The op is an opcode byte, or a name of the instruction table as `:mov64`, `:ldxdw` or `:call`.
Registers 0 to 5 are free between such forms that follow each other; what stands between others may
use them too. The form's value is that of register 0 if the instruction sets it, else 0.
"""

from __future__ import annotations

from kring.abi.code import SLOT, decode, encode, signed32
from kring.abi.isa import (
    DST,
    DST_IMM,
    DST_SRC,
    FETCH,
    FRAME_POINTER,
    FREE,
    HELPER,
    IMM64,
    LOAD,
    OPS,
    STORE_IMM,
    STORE_SRC,
    Insn,
)
from kring.abi.isa import Op as Row
from kring.errors import ObjectError
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, constant
from kring.frontend.lisp.forms import Operand, Symbol, show
from kring.frontend.lisp.scope import Rule, Scope
from kring.ir.core import Op, Value, signed
from kring.spelling import closest

_FREE = range(6)
_REGISTERS = {f"r{number}": number for number in range(FRAME_POINTER + 1)}
_STORES = STORE_IMM, STORE_SRC
_FORMS = frozenset({DST, DST_IMM, DST_SRC, LOAD, *_STORES, IMM64, HELPER})


def _asm(s: Scope, args: list[Operand]) -> Value:
    dst, src = (_register(s, arg) for arg in args[1:3])
    off, imm = signed(constant(s, args[3], "an offset")), signed(constant(s, args[4], "a number"))
    insn = _insn(s, args[0], dst, src, off, imm, isinstance(args[2].form, Symbol) or src != 0)
    _check(insn, args)
    result = s.b.emit(Op.ASM, imm=insn)
    return result if 0 in _written(insn) else s.b.const(0)


def _register(s: Scope, arg: Operand) -> int:
    named = _REGISTERS.get(arg.form.name) if isinstance(arg.form, Symbol) else None
    found = constant(s, arg, "a register") if named is None else named
    if found > FRAME_POINTER:
        refuse(arg.span, f"there is no register {found}", "there are 0 to 10, and `r0` to `r10`")
    return found


def _insn(s: Scope, op: Operand, dst: int, src: int, off: int, imm: int, by_src: bool) -> Insn:
    """The instruction that the fields make; `by_src` where a name alone leaves open whether the
    second operand is a register."""
    try:
        if isinstance(op.form, Symbol) and (rows := _named(op.form.name.lstrip(":"))):
            row = next((row for row in rows if (row.form == DST_SRC) is by_src), rows[0])
            off, imm = (off - row.off if off else 0), (imm - row.imm if imm else 0)
        else:
            code = constant(s, op, "an opcode") if _is_number(s, op) else -1
            if not 0 <= code <= 0xFF:
                close = closest(show(op.form).lstrip(":"), _names())
                refuse(
                    op.span,
                    f"no instruction is called {show(op.form)}",
                    f"did you mean :{close}?" if close else "write an opcode, or a name as :mov64",
                )
            if code != OPS["lddw"].code:
                (found,) = decode(SLOT.pack(code, dst | src << 4, _within(off, 16), _narrow(imm)))
                return found
            row = OPS["lddw"]
        wide = row.form == IMM64
        made = Insn(row, dst, src, off, imm % (1 << 64) if wide else _narrow(imm))
        encode([made])
        return made
    except ObjectError as error:
        refuse(op.span, str(error).removeprefix("slot 0: "))


def _is_number(s: Scope, op: Operand) -> bool:
    """Whether the operand is one that names no instruction."""
    if not isinstance(op.form, Symbol):
        return True
    return not op.form.name.startswith(":") and s.unit.host.constant(op.form) is not None


def _within(number: int, bits: int) -> int:
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ObjectError(f"{number} does not fit in {bits} bits")
    return number


def _narrow(imm: int) -> int:
    """The immediate of one slot: a number of 32 bits, with a sign or without."""
    return signed32(imm) if 0 <= imm < 1 << 32 else _within(imm, 32)


def _named(name: str) -> list[Row]:
    """The instructions of that name: one, or that with an immediate and that with a register."""
    row = OPS.get(name.replace("-", "_"))
    return [row] if row else [row for row in OPS.values() if name in _names_of(row)]


def _names_of(row: Row) -> tuple[str, str]:
    return row.mnemonic.replace(" ", "-"), row.name.removesuffix("_k").removesuffix("_x")


def _names() -> list[str]:
    return [name for row in OPS.values() if row.form in _FORMS for name in _names_of(row)]


def _written(insn: Insn) -> set[int]:
    """The registers the instruction sets."""
    form, op = insn.op.form, insn.op
    if form == HELPER:
        return {0}
    if form == STORE_SRC:
        fetches = {0} if op.verb == "cmpxchg" else {insn.src}
        return fetches if op.imm & FETCH and op.verb != "store_release" else set()
    return set() if form == STORE_IMM else {insn.dst}


def _check(insn: Insn, args: list[Operand]) -> None:
    """Refuse what the compiler could not build around."""
    op, used = insn.op, FREE[insn.op.form]
    if op.form not in _FORMS:
        refuse(
            args[0].span,
            f"{op.mnemonic} is not for `asm`: it would lead out of what the compiler knows",
            "`if`, `dotimes` and `return` jump; helpers are called by number",
        )
    if op.form == IMM64 and insn.src:
        refuse(args[2].span, "lddw takes numbers here; maps are named by the forms that use them")
    for name, number, arg in (("dst", insn.dst, args[1]), ("src", insn.src, args[2])):
        if name not in used or number in _FREE:
            continue
        if number < FRAME_POINTER:
            refuse(arg.span, f"register {number} is the compiler's", "0 to 5 are free")
        if number in _written(insn):
            refuse(arg.span, "register 10 is the end of the stack and is only read")


FORMS["asm"] = Rule("op dst src off imm", _asm)
