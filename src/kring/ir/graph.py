"""The shape of a function: order of blocks, who leads to whom, who dominates whom.

In: a function whose blocks all have their edges. Out: facts that hold until an edge changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from kring.ir.core import Block, Fn, Op, Value, number
from kring.record import record

EDGES = {Op.JUMP: 1, Op.BR: 2, Op.RET: 0}
"""How many ways out of a block its terminator has."""


def reverse_postorder(fn: Fn) -> list[Block]:
    """The reachable blocks, each before those it leads to, back edges apart."""
    entry = fn.blocks[0]
    seen = {entry}
    found: list[Block] = []
    stack = [(entry, iter(reversed(entry.edges)))]
    while stack:
        block, edges = stack[-1]
        for edge in edges:
            target = edge.block
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(reversed(target.edges))))
                break
        else:
            found.append(block)
            stack.pop()
    found.reverse()
    return found


def predecessors(fn: Fn) -> dict[Block, list[Block]]:
    """For each block the blocks that lead to it, once for each edge."""
    found: dict[Block, list[Block]] = {block: [] for block in fn.blocks}
    for block in fn.blocks:
        for edge in block.edges:
            found[edge.block].append(block)
    return found


@record(frozen=False, eq=False)
class Dominance:
    """Which reachable block lies on every way from the entry to which.

    `order` is the reverse postorder; `parent` the nearest strict dominator, the entry its own.
    """

    order: list[Block]
    preds: dict[Block, list[Block]]
    parent: dict[Block, Block]
    first: dict[Block, int]
    last: dict[Block, int]

    def dominates(self, above: Block, below: Block) -> bool:
        """Whether every way to `below` passes `above`; a block dominates itself."""
        return self.first[above] <= self.first[below] <= self.last[above]

    def edge_leads(self, source: Block, target: Block) -> bool:
        """Whether `target` is entered by one edge from `source` only, but for its own loops."""
        entered = 0
        for pred in self.preds[target]:
            if pred is source:
                entered += 1
            elif pred not in self.first or not self.dominates(target, pred):
                return False
        return entered == 1


def dominance(fn: Fn) -> Dominance:
    """The dominator tree, by the iteration of Cooper, Harvey and Kennedy."""
    order = reverse_postorder(fn)
    preds = predecessors(fn)
    index = {block: i for i, block in enumerate(order)}
    above = [-1] * len(order)
    above[0] = 0
    entering = [[index[pred] for pred in preds[block] if pred in index] for block in order]
    changed = True
    while changed:
        changed = False
        for i in range(1, len(order)):
            new = -1
            for pred in entering[i]:
                if above[pred] < 0:
                    continue
                new = pred if new < 0 else _meet(above, new, pred)
            if above[i] != new:
                above[i] = new
                changed = True
    return _number(order, preds, above)


def _meet(above: list[int], a: int, b: int) -> int:
    """The nearest common dominator."""
    while a != b:
        while a > b:
            a = above[a]
        while b > a:
            b = above[b]
    return a


def _number(order: list[Block], preds: dict[Block, list[Block]], above: list[int]) -> Dominance:
    """Each block numbered so that those it dominates are one stretch of numbers."""
    sizes = [1] * len(order)
    for i in range(len(order) - 1, 0, -1):
        sizes[above[i]] += sizes[i]
    starts = [0] * len(order)
    free = [1] * len(order)
    for i in range(1, len(order)):
        parent = above[i]
        starts[i] = starts[parent] + free[parent]
        free[parent] += sizes[i]
    return Dominance(
        order,
        preds,
        {block: order[above[i]] for i, block in enumerate(order)},
        {block: starts[i] for i, block in enumerate(order)},
        {block: starts[i] + sizes[i] - 1 for i, block in enumerate(order)},
    )


def use_counts(fn: Fn) -> dict[Value, int]:
    """How often each value is an operand of a value or an edge; never if it is not there."""
    uses: dict[Value, int] = {}
    for block in fn.blocks:
        for value in block.body:
            for arg in value.args:
                uses[arg] = uses.get(arg, 0) + 1
        for arg in block.end.args if block.end is not None else ():
            uses[arg] = uses.get(arg, 0) + 1
        for edge in block.edges:
            for arg in edge.args:
                uses[arg] = uses.get(arg, 0) + 1
    return uses


def latches(tree: Dominance, header: Block) -> list[Block]:
    """The blocks that lead back to the header of a loop; none if it is no header."""
    return [
        pred for pred in tree.preds[header] if pred in tree.first and tree.dominates(header, pred)
    ]


def loop_body(tree: Dominance, header: Block) -> set[Block]:
    """The blocks of the loop, the header among them; none if nothing leads back to it."""
    work = latches(tree, header)
    body = {header} if work else set[Block]()
    while work:
        block = work.pop()
        if block not in body:
            body.add(block)
            work += tree.preds[block]
    return body


def tested(end: Value) -> tuple[Value, bool]:
    """What a `br` asks for: the value tested against 0, and whether taken means not 0."""
    value, taken = end.args[0], True
    while value.op in (Op.EQ, Op.NE) and number(value.args[1]) == 0:
        taken ^= value.op is Op.EQ
        value = value.args[0]
    return value, taken


def substitute(fn: Fn, new: Mapping[Value, Value]) -> None:
    """Every use of a key becomes a use of its value, through chains of replacement."""
    if not new:
        return
    final = {old: _final(old, new) for old in new}
    for block in fn.blocks:
        for value in block.body:
            _replace(value.args, final)
        if block.end is not None:
            _replace(block.end.args, final)
        for edge in block.edges:
            _replace(edge.args, final)


def _final(value: Value, new: Mapping[Value, Value]) -> Value:
    while value in new:
        value = new[value]
    return value


def _replace(args: list[Value], final: dict[Value, Value]) -> None:
    for i, arg in enumerate(args):
        if arg in final:
            args[i] = final[arg]
