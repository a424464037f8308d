"""The order of blocks in the program.

needs: cfg, so that each block is worth its place. keeps: everything but the order.

A block is followed by one it leads to where that is possible, loops stay together, and what is
reached only because a pointer was null stands last.
"""

from __future__ import annotations

from kring.ir.core import Block, Fn, Op
from kring.ir.graph import Dominance, dominance, loop_body, tested


def layout(fn: Fn) -> bool:
    """Whether the order changed."""
    if len(fn.blocks) < 3:
        return False
    tree = dominance(fn)
    order = _order(fn, _loops(tree))
    cold = _cold(tree)
    order = [b for b in order if b not in cold] + [b for b in order if b in cold]
    changed = order != fn.blocks
    fn.blocks = order
    return changed


def _loops(tree: Dominance) -> dict[Block, set[Block]]:
    """For each block in a loop, the blocks of the innermost one."""
    bodies = (loop_body(tree, header) for header in tree.order)
    loops = [body for body in bodies if len(body) > 1]
    loops.sort(key=len, reverse=True)
    return {block: body for body in loops for block in body}


def _order(fn: Fn, loops: dict[Block, set[Block]]) -> list[Block]:
    """Reverse postorder that finishes with ways out of a loop before the loop itself."""
    seen = {fn.entry}
    found: list[Block] = []
    stack = [(fn.entry, _ways(fn.entry, loops))]
    while stack:
        block, ways = stack[-1]
        if not ways:
            found.append(block)
            stack.pop()
            continue
        target = ways.pop()
        if target not in seen:
            seen.add(target)
            stack.append((target, _ways(target, loops)))
    found.reverse()
    return found


def _ways(block: Block, loops: dict[Block, set[Block]]) -> list[Block]:
    """Where the block leads, the one to stand next to it first."""
    loop = loops.get(block, set())
    return sorted((edge.block for edge in block.edges), key=lambda target: target not in loop)


def _cold(tree: Dominance) -> set[Block]:
    """The blocks that every way reaches by the null edge of a pointer that may be null."""
    null: dict[Block, set[Block]] = {}
    for block in tree.order:
        if block.end is not None and block.end.op is Op.BR:
            pointer, taken = tested(block.end)
            if pointer.type.nullable:
                null.setdefault(block.edges[1 if taken else 0].block, set()).add(block)
    cold: set[Block] = set()
    for block in tree.order[1:]:
        ahead = [p for p in tree.preds[block] if not tree.dominates(block, p)]
        if all(pred in cold or pred in null.get(block, ()) for pred in ahead):
            cold.add(block)
    return cold
