"""What one of several ways to a place has found of the packet is kept with that way.

needs: cfg, which does away with tests that need no more than another edge. keeps: every effect.

    b1: br (eq v1 6) b2 b4                    b1: br (eq v1 6) b2 b4(0)
    b2: br (ule v2 packet_end) b4 b3          b2: br (ule v2 packet_end) b4(1) b3
    b4: …; br (eq v1 6) b5 b6           →     b4(v3): …; br v3 b5 b6
    b5: load header                           b5: load header

The verifier does not see that the way to b5 passed b2, unless the number that leads there says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.ir.core import ACCESSES, Block, Edge, Fn, Op, Space, Value
from kring.ir.graph import Dominance, dominance
from kring.ir.passes.thread import Test, asked


def carry(fn: Fn) -> bool:
    """Whether a branch now asks which way led to it."""
    places: dict[Test, list[Block]] = {}
    bounds: list[Block] = []
    for block in fn.blocks:
        if block.end is not None and block.end.op is Op.BR:
            test, _ = asked(block.end)
            places.setdefault(test, []).append(block)
            if _is_bound(test):
                bounds.append(block)
    if not bounds:
        return False
    tree = dominance(fn)
    made: dict[tuple[Test, Block], Value] = {}
    for test, blocks in places.items():
        if len(blocks) > 1 and not _is_bound(test) and not _may_be_null(test):
            for block in blocks:
                merge = _merge(tree, test, block)
                if merge is None or not _differs(tree, merge, bounds) or not _reads(tree, block):
                    continue
                key = test, merge
                made[key] = made.get(key) or _told(fn, tree, test, merge)
                _ask(block, made[key])
    return bool(made)


def _is_bound(test: Test) -> bool:
    """Whether something is compared with the packet's end."""
    return any(isinstance(arg, Value) and arg.type.space is Space.PACKET_END for arg in test[1])


def _may_be_null(test: Test) -> bool:
    """Whether a pointer is tested, which must be seen where it is used."""
    return any(isinstance(arg, Value) and arg.type.nullable for arg in test[1])


def _merge(tree: Dominance, test: Test, block: Block) -> Block | None:
    """The nearest place on every way to the block where ways meet that all have taken the test,
    and not all with the same result."""
    while block is not tree.parent[block]:
        if len(tree.preds[block]) > 1:
            found = {
                _found(tree, test, pred, edge)
                for pred, edge in _entering(tree, block)
                if not tree.dominates(block, pred)
            }
            if found == {True, False}:
                return block
        block = tree.parent[block]
    return None


def _entering(tree: Dominance, block: Block) -> Iterator[tuple[Block, Edge]]:
    """The edges into a block, each with where it comes from."""
    for pred in dict.fromkeys(tree.preds[block]):
        yield from ((pred, edge) for edge in pred.edges if edge.block is block)


def _found(tree: Dominance, test: Test, block: Block, edge: Edge) -> bool | None:
    """Whether the test held on every way that takes the edge; None if that is not known."""
    while True:
        end = block.end
        if end is not None and end.op is Op.BR:
            taken, direct = asked(end)
            if taken == test and block.edges[0].block is not block.edges[1].block:
                return (edge is block.edges[0]) is direct
        above = tree.parent[block]
        way = next((one for one in above.edges if one.block is block), None)
        if above is block:
            return None
        if way is None or not tree.edge_leads(above, block):
            way = Edge(block)  # no edge of the block above that is known to be taken
            if _asks(above, test):
                return None
        block, edge = above, way


def _asks(block: Block, test: Test) -> bool:
    return block.end is not None and block.end.op is Op.BR and asked(block.end)[0] == test


def _differs(tree: Dominance, merge: Block, bounds: list[Block]) -> bool:
    """Whether one of the ways to the place may have compared with the packet's end."""
    above = tree.parent[merge]
    return any(
        bound is not above and tree.dominates(above, bound) and not tree.dominates(merge, bound)
        for bound in bounds
    )


def _reads(tree: Dominance, block: Block) -> bool:
    """Whether the packet is read or written behind the block's branch."""
    return any(
        value.op in ACCESSES and value.args[0].type.space is Space.PACKET
        for behind in tree.order
        if behind is not block and tree.dominates(block, behind)
        for value in behind.body
    )


def _told(fn: Fn, tree: Dominance, test: Test, merge: Block) -> Value:
    """A parameter of the place that is 1 where the test held, and 0 where it did not."""
    assert merge.end is not None
    param = fn.value(Op.PARAM, span=merge.end.span)
    merge.params.append(param)
    for pred, edge in _entering(tree, merge):
        assert pred.end is not None
        if tree.dominates(merge, pred):
            edge.args.append(param)  # round a loop it stays what it was
            continue
        held = fn.value(Op.CONST, imm=int(bool(_found(tree, test, pred, edge))), span=pred.end.span)
        pred.body.append(held)
        edge.args.append(held)
    return param


def _ask(block: Block, param: Value) -> None:
    """Let the block's branch go by the parameter."""
    assert block.end is not None
    _, direct = asked(block.end)
    block.end.args = [param]
    if not direct:
        block.edges.reverse()
