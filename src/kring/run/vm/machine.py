"""The interpreter: one program's bytecode, run instruction by instruction.

In:  encoded code, a `Memory`, and the helpers it may call.
Out: `Machine.run(r1, r2) -> r0`, or a VmError that names slot, instruction, address and line.
Rule: what a program must not depend on is poisoned rather than zero: fresh stack, and r1 to r5
after a call.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from kring.abi.code import decode, signed32
from kring.abi.isa import (
    CALL_DEPTH,
    FRAME_POINTER,
    OPS,
    REG_COUNT,
    STACK_SIZE,
    Insn,
    Pseudo,
    target_of,
)
from kring.errors import VmError
from kring.record import replace
from kring.run.vm.memory import MASK64, Memory
from kring.run.vm.steps import Step, bind, written

Helper = Callable[["Machine", int, int, int, int, int], int]
"""A helper: the machine and r1 to r5 in, r0 out."""
Resolve = Callable[[Pseudo, int, int], int]
"""The value of a `lddw` that names something: its kind, and the halves of its immediate."""

LIMIT: Final = 1_000_000
FUNCTIONS: Final = 0xFFFF_FFFF_E000_0000
"""Where a program's functions are said to be, one address for each slot; nothing can be read."""
_CLOBBERED: Final = (0xBAD0_BAD0_BAD0_BAD0,) * 5
_FRESH_STACK: Final = b"\xba" * STACK_SIZE
_DONE: Final = -1
_LDDW: Final = OPS["lddw"].code
# How often a run may pass a may_goto before it jumps; the kernel allows 8 million (BPF_MAX_LOOPS).
_PATIENCE: Final = 8192


class TailCall(Exception):
    """A program ends here, and another goes on."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine


class Machine:
    """A program ready to run, as often as wanted, one run at a time.

    `lines` maps the first slot of each source line to its text. `limit` bounds the instructions
    of one run.
    """

    def __init__(
        self,
        code: bytes,
        memory: Memory,
        helpers: Mapping[int, Helper] | None = None,
        *,
        lines: Mapping[int, str] | None = None,
        resolve: Resolve | None = None,
        kfuncs: Mapping[int, Helper] | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.memory = memory
        self.helpers = helpers or {}
        self.kfuncs = kfuncs or {}
        self.resolve = resolve
        self.limit = limit
        self.patience = 0
        self._called = 0
        self.regs = [0] * REG_COUNT
        self._lines = sorted((lines or {}).items())
        self._insns = _by_slot(code)
        self._stacks = [
            memory.map(bytearray(STACK_SIZE), f"the stack of frame {depth}")
            for depth in range(CALL_DEPTH)
        ]
        # Per active call: where to go on, and the caller's r6 to r10.
        self._calls: list[tuple[int, list[int]]] = []
        self._steps = self._bind(len(code) // 8)

    def run(self, r1: int = 0, r2: int = 0) -> int:
        """The program's r0, unsigned.

        Raises: VmError at a fault, or when the instruction budget is spent.
        """
        self.regs[:] = (0, r1 & MASK64, r2 & MASK64, *(0,) * (REG_COUNT - 3))
        self._calls.clear()
        self._new_frame()
        self.patience = _PATIENCE
        self._called = 0
        return self._go(0)

    def call(self, function: int, *args: int) -> int:
        """The result of a function of this program, by its address, called with these arguments by
        a helper: what the program did before goes on when it returns.

        Raises: VmError as `run`, and for what is no function.
        """
        slot = function - FUNCTIONS
        if slot not in self._insns:
            raise VmError(f"{function:#x} is no function of this program", address=function)
        self.enter(_DONE)
        self.regs[1:6] = (*(arg & MASK64 for arg in args), *(0,) * (5 - len(args)))
        return self._go(slot, counted=True)

    def _go(self, pc: int, counted: bool = False) -> int:
        """r0 when what begins at a slot ends; how many steps that takes is `counted` for what a
        helper calls, which may be much in little."""
        steps, at = self._steps, pc
        left = self.limit - self._called
        try:
            for done in range(left):
                at = pc
                pc = steps[pc]()
                if pc == _DONE:
                    if counted:
                        self._called += done + 1
                    return self.regs[0]
            raise VmError(f"no exit after {self.limit} instructions")
        except VmError as error:
            raise error if error.slot >= 0 else self._located(error, at) from None

    def enter(self, after: int) -> None:
        """Begin a local call that returns to slot `after`."""
        if len(self._calls) + 1 == CALL_DEPTH:
            raise VmError(f"more than {CALL_DEPTH} frames: local calls nest too deep")
        self._calls.append((after, self.regs[6:]))
        self._new_frame()

    def go_on(self, other: Machine) -> NoReturn:
        """End the program, for another to go on.

        Raises: TailCall.
        """
        if self._calls:
            raise VmError("the VM makes no tail calls from functions that a program calls")
        raise TailCall(other)

    def leave(self) -> int:
        """End the function that runs; the slot to go on with."""
        if not self._calls:
            return _DONE
        after, saved = self._calls.pop()
        self.regs[6:] = saved
        self.clobber()
        return after

    def clobber(self) -> None:
        """Spoil the registers that a call does not keep."""
        self.regs[1:6] = _CLOBBERED

    def _new_frame(self) -> None:
        stack = self._stacks[len(self._calls)]
        stack.data[:] = _FRESH_STACK
        self.regs[FRAME_POINTER] = stack.end

    def _bind(self, slots: int) -> list[Step]:
        """A step for every slot and for the one past the last; some only fault."""
        steps: list[Step] = [_stray] * (slots + 1)
        for slot, insn in self._insns.items():
            target = target_of(insn, slot)
            if target is not None and target not in self._insns:
                raise self._located(VmError(f"slot {target} is no instruction to go to"), slot)
            if FRAME_POINTER in written(insn):
                raise self._located(VmError("r10, the frame pointer, is read-only"), slot)
            if insn.op.code == _LDDW and insn.src == Pseudo.FUNC:
                insn = replace(insn, src=Pseudo.VALUE, imm=self._address(insn, slot))
            steps[slot] = bind(self, insn, slot)
        return steps

    def _address(self, insn: Insn, slot: int) -> int:
        """What stands for the function that a lddw names by its distance."""
        target = slot + 1 + signed32(insn.imm & 0xFFFF_FFFF)
        if target not in self._insns:
            raise self._located(VmError(f"slot {target} is no function to refer to"), slot)
        return FUNCTIONS + target

    def _located(self, error: VmError, slot: int) -> VmError:
        """The error with the place in the program it happened at."""
        # The disassembler takes a while to import, and most programs never fault.
        from kring.abi.asm import format_insn

        insn = self._insns.get(slot)
        text = format_insn(insn) if insn else "past the last instruction"
        found = bisect_right(self._lines, slot, key=lambda entry: entry[0])
        line = self._lines[found - 1][1] if found else ""
        source = f"\n  {line}" if line else ""
        return VmError(
            f"slot {slot} ({text}): {error}{source}", slot=slot, address=error.address, line=line
        )


def _stray() -> int:
    raise VmError("the program runs past its last instruction without an exit")


def _by_slot(code: bytes) -> dict[int, Insn]:
    insns: dict[int, Insn] = {}
    slot = 0
    for insn in decode(code):
        insns[slot] = insn
        slot += insn.slots
    return insns
