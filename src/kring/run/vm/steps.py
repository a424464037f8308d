"""One step per instruction: the functions the interpreter's loop calls.

In:  an instruction, its slot and the machine.
Out: `bind(machine, insn, slot)`, a function without arguments that does the instruction and
     returns the slot to go on with.
Rule: everything known beforehand (registers, masks, the arithmetic, the next slot) is bound here
once, so a step does only what depends on the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kring.abi import isa
from kring.abi.isa import Insn, Pseudo
from kring.errors import VmError
from kring.run.vm.arith import ALU, COMPARE, MODIFY, signed
from kring.run.vm.memory import MASK64

if TYPE_CHECKING:
    from kring.run.vm.machine import Machine

Step = Callable[[], int]


def bind(machine: Machine, insn: Insn, slot: int) -> Step:
    """The step of the instruction at `slot`."""
    op = insn.op
    maker = _BY_NAME.get(op.name) or _BY_VERB.get(op.verb) or _BY_FORM[op.form]
    return maker(machine, insn, slot)


def written(insn: Insn) -> tuple[int, ...]:
    """The registers the instruction names and writes."""
    match insn.op.form:
        case isa.DST | isa.DST_IMM | isa.DST_SRC | isa.LOAD | isa.IMM64:
            return (insn.dst,)
        case isa.STORE_SRC if insn.op.imm & isa.FETCH and insn.op.verb != "cmpxchg":
            return (insn.src,)
        case _:
            return ()


def _arithmetic_imm(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, bits = machine.regs, insn.dst, insn.op.bits
    compute, mask, after = ALU[insn.op.verb], (1 << bits) - 1, slot + 1
    imm = insn.imm & mask

    def step() -> int:
        regs[dst] = compute(regs[dst] & mask, imm, bits) & mask
        return after

    return step


def _arithmetic_src(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, bits = machine.regs, insn.dst, insn.src, insn.op.bits
    compute, mask, after = ALU[insn.op.verb], (1 << bits) - 1, slot + 1

    def step() -> int:
        regs[dst] = compute(regs[dst] & mask, regs[src] & mask, bits) & mask
        return after

    return step


def _move_imm(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, after = machine.regs, insn.dst, slot + 1
    value = insn.imm & ((1 << insn.op.bits) - 1)

    def step() -> int:
        regs[dst] = value
        return after

    return step


def _move_src(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, after = machine.regs, insn.dst, insn.src, slot + 1
    mask = (1 << insn.op.bits) - 1

    def step() -> int:
        regs[dst] = regs[src] & mask
        return after

    return step


def _branch_imm(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, bits = machine.regs, insn.dst, insn.op.bits
    holds, mask = COMPARE[insn.op.verb], (1 << bits) - 1
    imm, after, target = insn.imm & mask, slot + 1, slot + 1 + insn.off

    def step() -> int:
        return target if holds(regs[dst] & mask, imm, bits) else after

    return step


def _branch_src(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, bits = machine.regs, insn.dst, insn.src, insn.op.bits
    holds, mask = COMPARE[insn.op.verb], (1 << bits) - 1
    after, target = slot + 1, slot + 1 + insn.off

    def step() -> int:
        return target if holds(regs[dst] & mask, regs[src] & mask, bits) else after

    return step


def _jump(machine: Machine, insn: Insn, slot: int) -> Step:
    target = slot + 1 + insn.off + insn.imm
    return lambda: target


def _may_goto(machine: Machine, insn: Insn, slot: int) -> Step:
    after, target = slot + 1, slot + 1 + insn.off

    def step() -> int:
        machine.patience -= 1
        return after if machine.patience >= 0 else target

    return step


def _load(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, off = machine.regs, insn.dst, insn.src, insn.off
    load, after = machine.memory.loads[insn.op.bits // 8], slot + 1

    def step() -> int:
        regs[dst] = load((regs[src] + off) & MASK64)
        return after

    return step


def _load_signed(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, off, bits = machine.regs, insn.dst, insn.src, insn.off, insn.op.bits
    load, after = machine.memory.loads[bits // 8], slot + 1

    def step() -> int:
        regs[dst] = signed(load((regs[src] + off) & MASK64), bits) & MASK64
        return after

    return step


def _store_imm(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, off, imm = machine.regs, insn.dst, insn.off, insn.imm
    store, after = machine.memory.stores[insn.op.bits // 8], slot + 1

    def step() -> int:
        store((regs[dst] + off) & MASK64, imm)
        return after

    return step


def _store_src(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, off = machine.regs, insn.dst, insn.src, insn.off
    store, after = machine.memory.stores[insn.op.bits // 8], slot + 1

    def step() -> int:
        store((regs[dst] + off) & MASK64, regs[src])
        return after

    return step


def _atomic(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, off = machine.regs, insn.dst, insn.src, insn.off
    size, after = insn.op.bits // 8, slot + 1
    load, store = machine.memory.loads[size], machine.memory.stores[size]
    mask, fetch = (1 << insn.op.bits) - 1, bool(insn.op.imm & isa.FETCH)
    modify = MODIFY[insn.op.verb.removeprefix("fetch_")]

    def step() -> int:
        address = _aligned((regs[dst] + off) & MASK64, size)
        old = load(address)
        store(address, modify(old, regs[src] & mask))
        if fetch:
            regs[src] = old
        return after

    return step


def _compare_exchange(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, dst, src, off = machine.regs, insn.dst, insn.src, insn.off
    size, after = insn.op.bits // 8, slot + 1
    load, store = machine.memory.loads[size], machine.memory.stores[size]
    mask = (1 << insn.op.bits) - 1

    def step() -> int:
        address = _aligned((regs[dst] + off) & MASK64, size)
        old = load(address)
        store(address, regs[src] if old == regs[0] & mask else old)
        regs[0] = old
        return after

    return step


def _aligned(address: int, size: int) -> int:
    if address % size:
        raise VmError(
            f"atomic access to {size} bytes at {address:#x}, which is not aligned to them"
        )
    return address


def _load_imm64(machine: Machine, insn: Insn, slot: int) -> Step:
    """Map handles are asked for at every run: they need not exist before the first."""
    regs, dst, imm, after = machine.regs, insn.dst, insn.imm, slot + 2
    kind = Pseudo(insn.src)
    if kind == Pseudo.VALUE:

        def plain() -> int:
            regs[dst] = imm
            return after

        return plain

    low, high = imm & 0xFFFF_FFFF, imm >> 32

    def step() -> int:
        if machine.resolve is None:
            raise VmError(f"nothing to resolve a {kind.name} with: this machine has no maps")
        regs[dst] = machine.resolve(kind, low, high) & MASK64
        return after

    return step


def _call_helper(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, number, after = machine.regs, insn.imm, slot + 1

    def step() -> int:
        helper = machine.helpers.get(number)
        if helper is None:
            raise VmError(_no_helper(number))
        regs[0] = helper(machine, regs[1], regs[2], regs[3], regs[4], regs[5]) & MASK64
        machine.clobber()
        return after

    return step


def _no_helper(number: int) -> str:
    from kring.abi.helpers import HELPERS
    from kring.obj.references import POISON

    if number == POISON:
        return (
            "what is used here is not there: the kernel's types lack it or have it in another "
            "form, or it is a map or function that was left out"
        )
    known = HELPERS.by_id(number)
    name = f"helper {known.name}()" if known else f"helper {number}"
    return f"the VM has no {name}; a program that calls it runs on the kernel only"


def _call_local(machine: Machine, insn: Insn, slot: int) -> Step:
    after, target = slot + 1, slot + 1 + insn.imm

    def step() -> int:
        machine.enter(after)
        return target

    return step


def _call_kfunc(machine: Machine, insn: Insn, slot: int) -> Step:
    regs, after = machine.regs, slot + 1
    function = machine.kfuncs.get(insn.imm)

    def step() -> int:
        if function is None:
            raise VmError(f"the VM has no kernel function {insn.imm}")
        regs[0] = function(machine, regs[1], regs[2], regs[3], regs[4], regs[5]) & MASK64
        machine.clobber()
        return after

    return step


def _exit(machine: Machine, insn: Insn, slot: int) -> Step:
    return machine.leave


_Maker = Callable[["Machine", Insn, int], Step]

_BY_FORM: dict[str, _Maker] = {
    isa.DST: _arithmetic_imm,
    isa.DST_IMM: _arithmetic_imm,
    isa.DST_SRC: _arithmetic_src,
    isa.GOTO: _jump,
    isa.GOTO_IMM: _jump,
    isa.IF_IMM: _branch_imm,
    isa.IF_SRC: _branch_src,
    isa.LOAD: _load,
    isa.STORE_IMM: _store_imm,
    isa.STORE_SRC: _atomic,
    isa.IMM64: _load_imm64,
    isa.HELPER: _call_helper,
    isa.FUNCTION: _call_local,
    isa.KFUNC: _call_kfunc,
    isa.NONE: _exit,
}
# Verbs whose form does not say it all.
_BY_VERB: dict[str, _Maker] = {
    "may_goto": _may_goto,
    "ldxs": _load_signed,
    "stx": _store_src,
    # One thread runs a program at a time, so every order is kept.
    "load_acquire": _load,
    "store_release": _store_src,
    "cmpxchg": _compare_exchange,
}
# The most frequent instructions, done without the detour over the table of arithmetic.
_BY_NAME: dict[str, _Maker] = {
    "mov64_k": _move_imm,
    "mov32_k": _move_imm,
    "mov64_x": _move_src,
    "mov32_x": _move_src,
}
