"""What is done to a value on every way to a place is done there, once.

needs: fold, so that equal operations look equal. keeps: blocks and edges, every effect.

    b1: v2 = bswap 16 v1; jump b3(v2)        b1: jump b3(v1)
    b2: v4 = bswap 16 v3; jump b3(v4)   →    b2: jump b3(v3)
    b3(v5: i64):                             b3(v6: i64):
      …                                        v5 = bswap 16 v6; …

Only what has no other use is moved, and nothing round a loop.
"""

from __future__ import annotations

from kring.ir.core import ROWS, Block, Edge, Fn, Op, Value, number
from kring.ir.graph import reverse_postorder, substitute, use_counts


def sink(fn: Fn) -> bool:
    """Whether an operation moved."""
    blocks = reverse_postorder(fn)
    if not any(block.params for block in blocks[1:]):
        return False
    index = {block: at for at, block in enumerate(blocks)}
    uses = use_counts(fn)
    incoming: dict[Block, list[Edge]] = {}
    looping: set[Block] = set()
    for block in blocks:
        for edge in block.edges:
            incoming.setdefault(edge.block, []).append(edge)
            if index[edge.block] <= index[block]:
                looping.add(edge.block)
    new: dict[Value, Value] = {}
    for block in blocks[1:]:
        if block.params and block not in looping:
            _sink_into(fn, block, incoming[block], uses, new)
    substitute(fn, new)
    return bool(new)


def _sink_into(
    fn: Fn, block: Block, edges: list[Edge], uses: dict[Value, int], new: dict[Value, Value]
) -> None:
    moved: list[Value] = []
    for at, param in enumerate(block.params):
        given = [edge.args[at] for edge in edges]
        if len(given) < 2 or not _alike(given) or any(uses[arg] > 1 for arg in given):
            continue
        first = given[0]
        whole = fn.value(Op.PARAM, type=first.args[0].type, span=param.span)
        args = [whole, *(_again(fn, arg, moved) for arg in first.args[1:])]
        result = fn.value(first.op, args, first.imm, first.type, first.span)
        moved.append(result)
        new[param] = result
        block.params[at] = whole
        for edge in edges:
            edge.args[at] = edge.args[at].args[0]
    block.body[:0] = moved


def _again(fn: Fn, const: Value, into: list[Value]) -> Value:
    into.append(fn.value(Op.CONST, imm=const.imm, type=const.type, span=const.span))
    return into[-1]


def _alike(values: list[Value]) -> bool:
    """Whether all are one operation on values of one type, but for those the same constants."""
    first = values[0]
    row = ROWS[first.op]
    if not row.pure or row.compares or row.evaluate is None or not first.args:
        return False
    return all(
        value.op is first.op
        and value.imm == first.imm
        and value.type == first.type
        and value.args[0].type == first.args[0].type
        and [number(arg) for arg in value.args[1:]] == [number(arg) for arg in first.args[1:]]
        for value in values
    ) and all(number(arg) is not None for arg in first.args[1:])
