"""Which registers hold a value that will be read.

In:  a function of machine instructions.
Out: `live_out(blocks)`, the set of registers live at the end of each block; `sweep`, the function
without instructions nobody needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from kring.abi.isa import DST_SRC
from kring.lower.lir import Block, Inst, is_call, is_move, reads, sources, writes

_COMMUTE = frozenset({"add", "mul", "and", "or", "xor"})
# Verbs that do nothing but set their dst.
_PURE = frozenset(
    {"add", "sub", "mul", "div", "mod", "and", "or", "xor", "lsh", "rsh", "arsh", "neg"}
    | {"mov", "be", "lddw", "frame"}
)


def live_out(blocks: Sequence[Block]) -> dict[Block, int]:
    """The registers live at the end of each block, before its way out tests any.

    needs: edges without copies.
    """
    before: dict[Block, int] = dict.fromkeys(blocks, 0)
    local = {block: _local(block) for block in blocks}
    leading = sources(blocks)
    pending = dict.fromkeys(blocks)
    while pending:
        block, _ = pending.popitem()
        needed, killed = local[block]
        live = needed | at_end(block, before) & ~killed
        if live != before[block]:
            before[block] = live
            pending.update(dict.fromkeys(leading[block]))
    return {block: at_end(block, before) for block in blocks}


def at_end(block: Block, before: dict[Block, int]) -> int:
    """What the way out of a block needs, from what is live at the start of its successors."""
    live = 0 if block.to else 1
    for to in block.to:
        live |= before[to]
    return live | (reads(block.test) if block.test else 0)


def live_in(block: Block, out: int) -> int:
    """The registers live at the start of a block, from those live at its end."""
    needed, killed = _local(block)
    return needed | out & ~killed


def _local(block: Block) -> tuple[int, int]:
    """What a block reads before it writes it, and what it writes."""
    needed = killed = 0
    for inst in reversed(block.insns):
        gone = writes(inst)
        needed = needed & ~gone | reads(inst)
        killed |= gone
    return needed, killed


def sweep(blocks: Sequence[Block]) -> None:
    """Instructions whose result nobody reads are gone, and of two operands that may change
    places the one that is not needed again is overwritten.

    needs: edges without copies. keeps: what every register holds where it is read.
    """
    out = live_out(blocks)
    across = _live_across_calls(blocks, out)
    for block in blocks:
        live = after = out[block]
        kept: list[Inst] = []
        for inst in reversed(block.insns):
            gone = writes(inst)
            if gone and not gone & live and inst.op.verb in _PURE:
                continue
            if kept and is_move(inst):
                _exchange(inst, kept[-1], after, across)
                live |= reads(kept[-1])
            after, live = live, live & ~gone | reads(inst)
            kept.append(inst)
        block.insns = kept[::-1]


def _exchange(move: Inst, inst: Inst, after: int, across: int) -> None:
    """d = a; d op= b   →   d = b; d op= a

    if a is needed `after` and b is not; or neither is, and d can be one register with b but not
    with a, because of the two operands one lives `across` calls.
    """
    if inst.op.form != DST_SRC or inst.op.verb not in _COMMUTE or inst.dst != move.dst:
        return
    a, b = move.src, inst.src
    if b == inst.dst or after >> b & 1:
        return
    unlike = (across >> a ^ across >> inst.dst) & 1 and not (across >> b ^ across >> inst.dst) & 1
    if after >> a & 1 or unlike:
        move.src, inst.src = b, a


def _live_across_calls(blocks: Sequence[Block], out: dict[Block, int]) -> int:
    """The registers whose value some call must leave alone."""
    across = 0
    for block in blocks:
        live = out[block]
        for inst in reversed(block.insns):
            live &= ~writes(inst)
            if is_call(inst):
                across |= live
            live |= reads(inst)
    return across
