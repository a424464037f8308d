"""Blocks in their final order become instructions with jump offsets.

In:  blocks on the machine's registers.
Out: `emit(fn) -> Code`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kring.abi.isa import FRAME_POINTER, OPS, Insn
from kring.ir.core import Core, GlobalRef, Kfunc, Span
from kring.lower.code import Code, TooLong
from kring.lower.lir import FRAME, MOVE, Block, Callee, Function, Inst, slots

_ADD, _JUMP, _EXIT = OPS["add64_k"], OPS["ja"], OPS["exit"]
_OPPOSITE = {
    "jeq": "jne", "jne": "jeq", "jgt": "jle", "jle": "jgt", "jge": "jlt", "jlt": "jge",
    "jsgt": "jsle", "jsle": "jsgt", "jsge": "jslt", "jslt": "jsge",
}  # fmt: skip
_Item = tuple[Inst, Block | None]


def emit(fn: Function) -> Code:
    """The function's code, its blocks in the order they are in.

    needs: the machine's registers.
    Raises: TooLong if a jump is too far for its 16 bits.
    """
    starts: dict[Block, int] = {}
    items: list[tuple[int, Inst, Block | None]] = []
    slot = 0
    for block, following in pairwise([*fn.blocks, None]):
        assert block is not None
        starts[block] = slot
        for inst, target in _items(block, following):
            items.append((slot, inst, target))
            slot += slots(inst)
    insns: list[Insn] = []
    for slot, inst, target in items:
        insns += _insns(inst, 0 if target is None else starts[target] - slot - 1)
    placed = [(slot, inst) for slot, inst, _ in items]
    users = tuple(fn.users)
    if spilled := fn.frame - sum(size for _, size in users):
        users = (*users, (None, spilled))
    return Code(
        tuple(insns), tuple(_maps(placed)), tuple(_calls(placed)), tuple(_core(placed)),
        tuple(_lines(placed)), fn.frame, users, tuple(_kfuncs(placed)),
    )  # fmt: skip


def _items(block: Block, following: Block | None) -> Iterator[_Item]:
    """The block's instructions and its way out, with the block each one jumps to."""
    for inst in block.insns:
        yield inst, None
    if not block.to:
        yield Inst(_EXIT, span=block.span), None
        return
    *taken, last = block.to
    if block.test:
        opposite = _opposite(block.test)
        if last is not following and taken[0] is following and opposite:
            yield opposite, last
            return
        yield block.test, taken[0]
    if last is not following:
        yield Inst(_JUMP, span=block.span), last


def _opposite(test: Inst) -> Inst | None:
    """The jump that is taken when this one is not."""
    verb = _OPPOSITE.get(test.op.verb)
    if verb is None:
        return None
    name = test.op.name.replace(test.op.verb, verb)
    return Inst(OPS[name], test.dst, test.src, imm=test.imm, span=test.span)


def _insns(inst: Inst, distance: int) -> list[Insn]:
    if not -0x8000 <= distance < 0x8000:
        raise TooLong(inst.span, abs(distance))
    if isinstance(inst.ref, Insn):
        return [inst.ref]
    if inst.op is FRAME:
        return [Insn(MOVE, inst.dst, FRAME_POINTER), Insn(_ADD, inst.dst, imm=inst.imm)]
    return [Insn(inst.op, inst.dst, inst.src, inst.off or distance, inst.imm)]


def _maps(placed: Sequence[tuple[int, Inst]]) -> Iterator[tuple[int, str, int | None]]:
    for slot, inst in placed:
        match inst.ref:
            case str(name):
                yield slot, name, None
            case GlobalRef(name, offset):
                yield slot, name, offset
            case _:
                pass  # nothing, a function, or something of the kernel


def _calls(placed: Sequence[tuple[int, Inst]]) -> Iterator[tuple[int, str]]:
    for slot, inst in placed:
        if isinstance(inst.ref, Callee):
            yield slot, inst.ref.name


def _core(placed: Sequence[tuple[int, Inst]]) -> Iterator[tuple[int, Core]]:
    for slot, inst in placed:
        if isinstance(inst.ref, Core):
            yield slot, inst.ref


def _kfuncs(placed: Sequence[tuple[int, Inst]]) -> Iterator[tuple[int, str]]:
    for slot, inst in placed:
        if isinstance(inst.ref, Kfunc):
            yield slot, inst.ref.name


def _lines(placed: Sequence[tuple[int, Inst]]) -> Iterator[tuple[int, Span]]:
    """Where code begins to come from another place; what comes from nowhere counts with what
    is before it, at the start with what is after it."""
    last = None
    for slot, inst in placed:
        if inst.span and (place := inst.span[:3]) != last:
            yield slot if last else 0, inst.span
            last = place
