"""The order of blocks, and fewer of them.

In:  a function on the machine's registers.
Out: `tidy(blocks)`, the blocks still needed, with equal ends merged; `order(blocks)`, the order in
which they take the fewest jumps.
Rule: whole blocks and ends of blocks move; nothing moves across a jump or a jump's target.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from kring.abi.helpers import HELPERS
from kring.abi.isa import FRAME_POINTER, LOAD, STORE_IMM, STORE_SRC
from kring.lower.lir import (
    ASM,
    CALL,
    CALL_KFUNC,
    MOVE,
    Block,
    Inst,
    is_free,
    reads,
    ways_in,
    writes,
)

_TRIED = 40
"""How many links are reconsidered to make room for one more."""


def tidy(blocks: Sequence[Block]) -> list[Block]:
    """The blocks that the first one leads to, none of them a mere jump, no two that go on to the
    same place with the same instruction before it, and no two that a test leads to and that begin
    with the same copy.

    needs: edges without copies. keeps: what is executed from each entry to its exit.
    """
    while True:
        _thread(blocks)
        blocks = _reached(blocks)
        _join(blocks)
        blocks = _reached(blocks)
        tails = _merge_ends(blocks)
        if not tails and not _hoist(blocks):
            return blocks
        blocks = [*blocks, *tails]


def _thread(blocks: Sequence[Block]) -> None:
    """Jumps to jumps, and tests whose outcome does not matter, are gone."""
    for block in blocks:
        block.to = [_destination(to) for to in block.to]
        if block.test and block.to[0] is block.to[1]:
            block.test, block.to = None, block.to[:1]


def _destination(block: Block) -> Block:
    seen: set[Block] = set()
    while not block.insns and len(block.to) == 1 and block not in seen:
        seen.add(block)
        block = block.to[0]
    return block


def _reached(blocks: Sequence[Block]) -> list[Block]:
    found, pending = {blocks[0]}, [blocks[0]]
    while pending:
        for to in pending.pop().to:
            if to not in found:
                found.add(to)
                pending.append(to)
    return [block for block in blocks if block in found]


def _join(blocks: Sequence[Block]) -> None:
    """A block that only one other leads to, and always, becomes the end of that."""
    ways = ways_in(blocks)
    for block in blocks:
        while len(block.to) == 1 and ways[to := block.to[0]] == 1 and to is not block:
            block.insns += to.insns
            block.test, block.to, block.span = to.test, to.to, to.span
            to.insns, to.test, to.to = [], None, [to]


def _hoist(blocks: Sequence[Block]) -> bool:
    """Whether what both ways of a test began by setting, from nothing or from another register, is
    now set before the test."""
    ways = ways_in(blocks)
    changed = False
    for block in blocks:
        if block.test is None or any(ways[to] > 1 for to in block.to):
            continue
        one, other = block.to
        alike = {_signature(inst): inst for inst in _settings(other)}
        kept = reads(block.test)
        for inst in _settings(one):
            twin = alike.get(_signature(inst))
            if twin is not None and _may_pass(inst, one, kept) and _may_pass(twin, other, kept):
                block.insns.append(inst)
                one.insns.remove(inst)
                other.insns.remove(twin)
                changed = True
    return changed


def _settings(block: Block) -> list[Inst]:
    """The instructions a block begins with that do nothing but set a register to another or to
    what needs none."""
    found = takewhile(lambda inst: is_free(inst) or inst.op is MOVE, block.insns)
    return list(found)


def _may_pass(inst: Inst, block: Block, kept: int) -> bool:
    """Whether the instruction may stand before those of its block, and before a test of the
    registers in `kept`: what the test finds out is for copies made behind it, too."""
    before = block.insns[: block.insns.index(inst)]
    needed = kept
    for other in before:
        needed |= reads(other) | writes(other)
    if needed & writes(inst) or kept & reads(inst):
        return False
    return not any(reads(inst) & writes(other) for other in before)


def _merge_ends(blocks: Sequence[Block]) -> list[Block]:
    """New blocks for the ends that several blocks had in common.

    Each saves at least a slot: a jump to it takes the place of a jump or exit, and of the rest.
    """
    groups: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        if block.test is None and block.insns and _may_merge(block.insns[-1]):
            key = (block.to[0] if block.to else None, *_signature(block.insns[-1]))
            groups.setdefault(key, []).append(block)
    tails: list[Block] = []
    for group in groups.values():
        if len(group) > 1:
            size = _common(group)
            first = group[0]
            tails.append(Block(first.insns[-size:], to=first.to, span=first.span))
            for block in group:
                del block.insns[-size:]
                block.to = [tails[-1]]
    return tails


def _common(group: Sequence[Block]) -> int:
    """How many last instructions all the blocks share."""
    size = 1
    while all(len(block.insns) > size for block in group):
        insts = [block.insns[-size - 1] for block in group]
        if not _may_merge(insts[0]) or len({_signature(inst) for inst in insts}) > 1:
            break
        size += 1
    return size


def _may_merge(inst: Inst) -> bool:
    """Whether the verifier takes the instruction for what reaches it on different paths: it
    wants one kind of pointer for each memory access and one map for each call."""
    if inst.op.form == LOAD:
        return inst.src == FRAME_POINTER
    if inst.op.form in (STORE_IMM, STORE_SRC):
        return inst.dst == FRAME_POINTER
    if inst.op is not CALL:
        return inst.op is not CALL_KFUNC and inst.op is not ASM
    helper = HELPERS.by_id(inst.imm)
    return helper is not None and "map" not in helper.args


def _signature(inst: Inst) -> tuple[object, ...]:
    return inst.op.name, inst.dst, inst.src, inst.off, inst.imm, inst.ref, inst.args


def order(blocks: Sequence[Block]) -> list[Block]:
    """The blocks in an order in which as many as possible go on to the next without a jump.

    The first stays first; where it makes no difference, source order decides.
    """
    before = _links(blocks)
    after = {block: to for to, block in before.items()}
    laid: dict[Block, None] = {}
    for head in [*(b for b in blocks if b not in before), *blocks]:
        block: Block | None = head
        while block is not None and block not in laid:
            laid[block] = None
            block = after.get(block)
    return list(laid)


def _links(blocks: Sequence[Block]) -> dict[Block, Block]:
    """A largest set of pairs of blocks to be neighbours: for the later one, the earlier one."""
    position = {block: at for at, block in enumerate(blocks)}
    before: dict[Block, Block] = {}

    def link(block: Block, tried: set[Block]) -> bool:
        at = position[block]
        for to in sorted(_successors(block), key=lambda to: (position[to] <= at, position[to])):
            if to in tried or not position[to] or len(tried) > _TRIED:
                continue
            tried.add(to)
            if to not in before or link(before[to], tried):
                before[to] = block
                return True
        return False

    for block in blocks:
        link(block, set())
    return before


def _successors(block: Block) -> list[Block]:
    """The blocks that need no jump if they come next: there is no opposite of `jset`."""
    return block.to[1:] if block.test and block.test.op.verb == "jset" else block.to
