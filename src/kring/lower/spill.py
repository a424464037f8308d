"""Registers moved to the stack.

In:  a function, and which registers shall not be any more.
Out: `spill(fn, nodes, near)`: the same function without them; `costs`, what that would cost.
Rule: every use gets a register of its own, filled before it and stored after it. What is a
constant or an address is made again instead. Slots are 8 bytes, aligned: the verifier follows
pointers and bounds through those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kring.abi.isa import FRAME_POINTER, OPS
from kring.lower.lir import (
    FILL,
    FIRST,
    KEEP,
    MOVE_K,
    Block,
    Function,
    Inst,
    bits,
    fetches,
    is_free,
    is_move,
    reads,
    role,
    slots,
    sources,
    writes,
)
from kring.record import replace

UNSPILLABLE = 1e30
_ACCESS = 1.25
"""What an access to the stack costs, in instructions that access nothing."""
_STORE_K = OPS["stdw"]
# What became of a register: the offset of its slot, or the instruction that makes it again.
_Home = int | Inst


def costs(blocks: Sequence[Block], count: int, first_temporary: int) -> list[float]:
    """What spilling each register would cost: instructions more, ten times as many in a loop.

    Registers from `first_temporary` on came from spilling and cannot be spilled again.
    """
    cost = [0.0] * first_temporary + [UNSPILLABLE] * (count - first_temporary)
    again = _makers(blocks)
    depth = _depths(blocks)
    for block in blocks:
        weight = 10.0 ** min(depth[block], 4)
        for inst in (*block.insns, *([block.test] if block.test else ())):
            # A copy from or to a register of the machine becomes the load or store.
            copies = is_move(inst) and (inst.dst < FIRST or inst.src < FIRST)
            for reg in bits(reads(inst)):
                maker = again.get(reg)
                cost[reg] += weight * ((slots(maker) if maker else _ACCESS) - copies)
            for reg in bits(writes(inst)):
                maker = again.get(reg)
                cost[reg] += weight * (-slots(maker) if maker else _ACCESS - copies)
    return cost


def spill(fn: Function, nodes: Mapping[int, Sequence[int]], near: Sequence[int]) -> None:
    """The registers of each node live in the stack, or are made again at each use.

    `near` has the nodes that live at the same time; others share a slot.
    """
    again = _makers(fn.blocks)
    homes: dict[int, _Home] = {}
    shared: dict[int, int] = {}
    for node, members in nodes.items():
        if len(members) == 1 and node in again:
            homes[node] = again[node]
            continue
        slot = next((slot for slot, users in shared.items() if not near[node] & users), None)
        if slot is None:
            slot = fn.slot(8)
        shared[slot] = shared.get(slot, 0) | 1 << node
        homes.update(dict.fromkeys(members, slot))
    for block in fn.blocks:
        insns: list[Inst] = []
        for inst in block.insns:
            insns += _move(fn, inst, homes) if is_move(inst) else _rewrite(fn, inst, homes)
        if block.test:
            *before, block.test = _rewrite(fn, block.test, homes)
            insns += before
        block.insns = insns


def _makers(blocks: Sequence[Block]) -> dict[int, Inst]:
    """For registers set once, and from nothing, the instruction that does it."""
    found: dict[int, Inst | None] = {}
    for block in blocks:
        for inst in block.insns:
            for reg in bits(writes(inst)):
                found[reg] = inst if is_free(inst) and reg not in found else None
    return {reg: inst for reg, inst in found.items() if inst}


def _rewrite(fn: Function, inst: Inst, homes: Mapping[int, _Home]) -> list[Inst]:
    """The instruction on new registers, with fills before it and a store after it."""
    writes_dst, reads_dst, reads_src = role(inst)
    code = [inst]
    if reads_src and (home := homes.get(inst.src)) is not None:
        filled = fn.reg()
        code.insert(0, _fill(filled, home, inst))
        if reads_dst and inst.dst == inst.src and not writes_dst:
            inst.dst = filled
        inst.src = filled
        if fetches(inst) and isinstance(home, int):
            code.append(_store(home, filled, inst))
    home = homes.get(inst.dst) if writes_dst or reads_dst else None
    if home is None:
        return code
    if isinstance(home, Inst) and writes_dst:
        return []
    if inst.op is MOVE_K and inst.ref is None and isinstance(home, int):
        return [Inst(_STORE_K, FRAME_POINTER, off=home, imm=inst.imm, span=inst.span)]
    inst.dst = fn.reg()
    if reads_dst:
        code.insert(code.index(inst), _fill(inst.dst, home, inst))
    if writes_dst and isinstance(home, int):
        code.append(_store(home, inst.dst, inst))
    return code


def _move(fn: Function, move: Inst, homes: Mapping[int, _Home]) -> list[Inst]:
    """A copy where either side may be in the stack: at best one instruction, or none."""
    target, source = homes.get(move.dst), homes.get(move.src)
    if not isinstance(target, int):
        return [move if source is None else _fill(move.dst, source, move)]
    if target == source:
        return []
    if source is None:
        return [_store(target, move.src, move)]
    through = fn.reg()
    return [_fill(through, source, move), _store(target, through, move)]


def _fill(reg: int, home: _Home, user: Inst) -> Inst:
    if isinstance(home, Inst):
        return replace(home, dst=reg, span=user.span)
    return Inst(FILL, reg, FRAME_POINTER, home, span=user.span)


def _store(slot: int, reg: int, user: Inst) -> Inst:
    return Inst(KEEP, FRAME_POINTER, reg, slot, span=user.span)


def _depths(blocks: Sequence[Block]) -> dict[Block, int]:
    """How many loops each block is in."""
    depth = dict.fromkeys(blocks, 0)
    leading = sources(blocks)
    latches: dict[Block, list[Block]] = {}
    for latch, header in _back_edges(blocks[0]):
        latches.setdefault(header, []).append(latch)
    for header, ends in latches.items():
        body = {header}
        while ends:
            block = ends.pop()
            if block not in body:
                body.add(block)
                ends += leading[block]
        for block in body:
            depth[block] += 1
    return depth


def _back_edges(entry: Block) -> list[tuple[Block, Block]]:
    """Edges to a block on the way from the entry to their start."""
    found: list[tuple[Block, Block]] = []
    path, done = {entry}, {entry}
    stack = [(entry, iter(entry.to))]
    while stack:
        block, successors = stack[-1]
        to = next(successors, None)
        if to is None:
            path.discard(block)
            stack.pop()
        elif to in path:
            found.append((block, to))
        elif to not in done:
            path.add(to)
            done.add(to)
            stack.append((to, iter(to.to)))
    return found
