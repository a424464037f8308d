"""Instructions that set a register to what it holds already.

In:  blocks on the machine's registers.
Out: `reuse(blocks, private)`, without them: what spilling repeats, and copies made twice.
Rule: what is known at the end of a block is known at the start of those that nothing else leads
to; at any other jump target nothing is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from kring.abi.isa import FRAME_POINTER, STORE_IMM
from kring.lower.lir import FILL, KEEP, Block, Inst, bits, is_free, is_move, ways_in, writes

# What a register (0 and up) or a slot of the stack (its offset) is known to hold: equal keys
# are equal values.
_Known = dict[int, Hashable]


def reuse(blocks: Sequence[Block], private: int) -> None:
    """The blocks without copies, constants, fills and spills that change nothing.

    needs: the machine's registers. keeps: what every register holds.
    `private` is the offset from the frame pointer below which only spilling stores.
    """
    ways = ways_in(blocks)
    known: dict[Block, _Known] = {}
    pending = [(blocks[0], _Known())]
    while pending:
        block, before = pending.pop()
        if block in known:
            continue
        known[block] = before
        block.insns = [inst for inst in block.insns if _learn(before, inst, private)]
        for to in block.to:
            pending.append((to, before.copy() if ways[to] == 1 else {}))


def _learn(known: _Known, inst: Inst, private: int) -> bool:
    """Whether the instruction changes anything, with `known` brought up to date."""
    place, value = _effect(known, inst, private)
    if value is None:
        for reg in bits(writes(inst)):
            known.pop(reg, None)
        return True
    if known.get(place) == value:
        return False
    known[place] = value
    return True


def _effect(known: _Known, inst: Inst, private: int) -> tuple[int, Hashable]:
    """The register or slot the instruction sets and the key of what it sets it to, if known."""
    stored = inst.dst == FRAME_POINTER and inst.off < private
    if is_free(inst):
        return inst.dst, (inst.op.name, inst.imm, inst.ref, inst.src)
    if is_move(inst):
        return inst.dst, _key(known, inst.src)
    if inst.op is FILL and inst.src == FRAME_POINTER and inst.off < private:
        return inst.dst, _key(known, inst.off)
    if inst.op is KEEP and stored:
        return inst.off, _key(known, inst.src)
    if inst.op.form == STORE_IMM and stored:
        return inst.off, ("mov64_k", inst.imm, None, 0)
    return 0, None


def _key(known: _Known, place: int) -> Hashable:
    if place not in known:
        known[place] = object()
    return known[place]
