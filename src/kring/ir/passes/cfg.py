"""Fewer blocks, edges and parameters.

needs: nothing; finds more after fold. keeps: the body of every block that can still be reached.

Jump threading, the rule that pays most:

    b1: jump b3(v1)      # const 1            b1: jump b4
    b2: jump b3(v2)      # const 0      →     b2: jump b5
    b3(v3: i64): br v3 b4 b5
"""

from __future__ import annotations

from kring.ir.core import Block, Edge, Fn, Op, Value, number
from kring.ir.graph import predecessors, reverse_postorder, substitute
from kring.ir.passes.thread import Elsewhere, known_truth, thread, thread_far

_ROUNDS = 8


def cfg(fn: Fn) -> bool:
    """Whether a block, an edge or a parameter went."""
    changed = False
    for _ in range(_ROUNDS):
        if not sum(step(fn) for step in _STEPS):
            break
        changed = True
    if changed:
        _prune(fn)
    return _share(fn) or changed


def _decide(fn: Fn) -> bool:
    """br 1 a b = jump a;  br x a a = jump a"""
    changed = False
    for block in fn.blocks:
        end = block.end
        if end is None or end.op is not Op.BR:
            continue
        truth = known_truth(end.args[0])
        one, other = block.edges
        if truth is None and (one.block is not other.block or one.args != other.args):
            continue
        end.op, end.args = Op.JUMP, []
        block.edges = [other if truth is False else one]
        changed = True
    return changed


def _prune(fn: Fn) -> bool:
    """Blocks that no way leads to."""
    if len(fn.blocks) == 1:
        return False
    reached = set(reverse_postorder(fn))
    if len(reached) == len(fn.blocks):
        return False
    fn.blocks = [block for block in fn.blocks if block in reached]
    return True


def _params(fn: Fn) -> bool:
    """A parameter that is always given the same value is that value."""
    incoming: dict[Block, list[Edge]] = {}
    for block in fn.blocks:
        for edge in block.edges:
            incoming.setdefault(edge.block, []).append(edge)
    new: dict[Value, Value] = {}
    for block in fn.blocks[1:]:
        if not block.params:
            continue
        edges = incoming[block]
        same = [_same(fn, block, i, edges, new) for i in range(len(block.params))]
        if not any(same):
            continue
        new.update((p, v) for p, v in zip(block.params, same, strict=True) if v is not None)
        block.params = [p for p, v in zip(block.params, same, strict=True) if v is None]
        for edge in edges:
            edge.args = [arg for arg, v in zip(edge.args, same, strict=True) if v is None]
    substitute(fn, new)
    return bool(new)


def _same(fn: Fn, block: Block, i: int, edges: list[Edge], new: dict[Value, Value]) -> Value | None:
    """The one value that all edges give the parameter; for equal constants, a new one."""
    param = block.params[i]
    first: Value | None = None
    for edge in edges:
        arg = edge.args[i]
        while arg in new:
            arg = new[arg]
        if arg is param or arg is first:
            continue
        if first is not None and (number(arg) is None or number(arg) != number(first)):
            return None
        if first is not None and arg.type != first.type:
            return None
        first = arg
    if first is None or (first.type.nullable and not param.type.nullable and len(edges) > 1):
        # A pointer proven on each edge apart would no longer be proven by one branch.
        return None
    if number(first) is None:
        return first
    const = fn.value(Op.CONST, imm=first.imm, type=first.type, span=first.span)
    block.body.insert(0, const)
    return const


def _skip(fn: Fn) -> bool:
    """jump a, where a: jump b, = jump b;  constants that a makes for b are made before"""
    empty = {
        block
        for block in fn.blocks[1:]
        if block.end is not None
        and block.end.op is Op.JUMP
        and block.edges[0].block is not block
        and all(value.op is Op.CONST for value in block.body)
    }
    if not empty:
        return False
    if any(block.params or block.body for block in empty):
        users = Elsewhere(fn, empty).users
        empty = {block for block in empty if not users[block]}
    changed = False
    for block in fn.blocks:
        for edge in block.edges:
            for _ in range(_ROUNDS):
                over = edge.block
                if over not in empty or over is block:
                    break
                given = dict(zip(over.params, edge.args, strict=True))
                for arg in over.edges[0].args:
                    if arg in over.body:
                        given[arg] = _constant_in(fn, block, arg)
                edge.block = over.edges[0].block
                edge.args = [given.get(arg, arg) for arg in over.edges[0].args]
                changed = True
    return changed


def _constant_in(fn: Fn, block: Block, like: Value) -> Value:
    block.body.append(fn.value(Op.CONST, imm=like.imm, type=like.type, span=like.span))
    return block.body[-1]


def _merge(fn: Fn) -> bool:
    """a: …; jump b, the only way to b, = a: …; and all of b"""
    preds = predecessors(fn)
    new: dict[Value, Value] = {}
    gone: set[Block] = set()
    for block in fn.blocks:
        while block not in gone and block.end is not None and block.end.op is Op.JUMP:
            edge = block.edges[0]
            after = edge.block
            if after is block or after is fn.entry or len(preds[after]) != 1:
                break
            new.update(zip(after.params, edge.args, strict=True))
            block.body += after.body
            block.end, block.edges = after.end, after.edges
            gone.add(after)
    if gone:
        fn.blocks = [block for block in fn.blocks if block not in gone]
        substitute(fn, new)
    return bool(gone)


def _share(fn: Fn) -> bool:
    """Returning a constant takes two slots, jumping to where it is returned one or none."""
    groups: dict[int, list[Block]] = {}
    for block in fn.blocks:
        if block.end is not None and block.end.op is Op.RET:
            result = number(block.end.args[0])
            if result is not None:
                groups.setdefault(result, []).append(block)
    changed = False
    for blocks in groups.values():
        if len(blocks) > 1:
            _return_in_one(fn, blocks)
            changed = True
    return changed


def _return_in_one(fn: Fn, blocks: list[Block]) -> None:
    """All of the blocks, which return the same constant, leave it to one of them or to a new."""
    bare = [
        block
        for block in blocks
        if block is not fn.entry
        and not block.params
        and all(value.op is Op.CONST for value in block.body)
    ]
    end = blocks[-1].end
    assert end is not None
    if bare:
        target = bare[0]
    else:
        target = fn.block()
        fn.blocks.append(target)
    old = end.args[0]
    const = fn.value(Op.CONST, imm=old.imm, type=old.type, span=old.span)
    target.body, target.end, target.edges = [const], fn.value(Op.RET, [const], span=end.span), []
    for block in blocks:
        if block is not target and block not in bare:
            block.end, block.edges = fn.value(Op.JUMP, span=end.span), [Edge(target)]
    for block in fn.blocks:
        for edge in block.edges:
            if edge.block in bare:
                edge.block = target
    fn.blocks = [block for block in fn.blocks if block is target or block not in bare]


_STEPS = (_decide, _prune, _params, _skip, thread, _prune, thread_far, _prune, _merge)
"""Merging must not meet blocks that nothing reaches: they could lead to each other in a ring."""
