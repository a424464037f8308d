"""Edges that pass values become instructions that copy them.

In:  a function whose edges carry parallel copies.
Out: `resolve(fn)`: the same without; `sequence`, parallel copies one after the other.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.lower.lir import MOVE, Block, Function, Inst, is_move, reads, writes
from kring.lower.liveness import live_in, live_out

_SPECULATED = 2
"""The most copies made before a branch that may not need them, to save the jump after them."""


def resolve(fn: Function) -> None:
    """Copies at the end of a block that has one way out, else in a block of their own.

    needs: copies on edges. keeps: which value each register holds, at both ends of each edge.
    """
    blocks: list[Block] = []
    middles: set[Block] = set()
    for block in fn.blocks:
        blocks.append(block)
        if len(block.to) == 1:
            block.insns += sequence(block.copies[0], fn.reg)
        else:
            made = _split(block, fn.reg)
            middles.update(made)
            blocks += made
        block.copies = []
    hoisted = _hoist(blocks, middles) if middles else set[Block]()
    fn.blocks = [block for block in blocks if block not in hoisted]


def _split(block: Block, fresh: Callable[[], int]) -> list[Block]:
    """New blocks on those ways out of a branch that copy something."""
    made: list[Block] = []
    for at, copies in enumerate(block.copies):
        if copies:
            between = Block(sequence(copies, fresh), to=[block.to[at]], span=block.span)
            block.to[at] = between
            made.append(between)
    return made


def sequence(copies: list[Inst], fresh: Callable[[], int]) -> list[Inst]:
    """The copies in an order in which none overwrites what a later one reads.

    A cycle of registers is opened by saving one of them in a `fresh` one. What reads no register
    comes last.
    """
    moves = {inst.dst: inst for inst in copies if is_move(inst) and inst.src != inst.dst}
    readers: dict[int, int] = {}
    for inst in moves.values():
        readers[inst.src] = readers.get(inst.src, 0) + 1
    done: list[Inst] = []
    ready = [dst for dst in moves if dst not in readers]
    while moves:
        if not ready:
            first = next(iter(moves))
            saved = fresh()
            done.append(Inst(MOVE, saved, first, span=moves[first].span))
            for inst in moves.values():
                if inst.src == first:
                    inst.src = saved
            ready.append(first)
        inst = moves.pop(ready.pop())
        done.append(inst)
        readers[inst.src] = readers.get(inst.src, 1) - 1
        if inst.src in moves and not readers[inst.src]:
            ready.append(inst.src)
    return done + [inst for inst in copies if not is_move(inst)]


def _hoist(blocks: list[Block], middles: set[Block]) -> set[Block]:
    """if c goto S else goto E; S: p = 1; goto J   →   p = 1; if c goto J else goto E

    where nothing on the way through E needs the old p: a jump less. The result is the blocks S.
    """
    out = live_out(blocks)
    hoisted: set[Block] = set()
    for block in blocks:
        ways = range(len(block.to)) if block.test else ()
        # Copies may turn out to be none, if both registers become one; constants never.
        for at in sorted(ways, key=lambda at: not all(map(is_move, block.to[at].insns))):
            middle, rest = block.to[at], block.to[1 - at]
            if middle not in middles or len(middle.insns) > _SPECULATED:
                continue
            assert block.test is not None
            kept = live_in(rest, out[rest]) | reads(block.test)
            if not any(writes(inst) & kept for inst in middle.insns):
                block.insns += middle.insns
                block.to[at] = middle.to[0]
                hoisted.add(middle)
    return hoisted
