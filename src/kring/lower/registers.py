"""Virtual registers become the machine's.

In:  a function without copies on edges.
Out: `assign(fn)`: the same on registers 0 to 10; what found no register is in the stack.
Rule: copies first. Registers joined by a copy become one wherever their lives do not overlap;
if the result cannot be coloured, only where that is certain to stay colourable; only then is
anything spilled.

See: Briggs, Cooper, Torczon, "Improvements to graph coloring register allocation" (1994), and
George, Appel, "Iterated register coalescing" (1996), for the two tests of certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kring.abi.isa import FRAME_POINTER
from kring.errors import InternalError
from kring.lower.lir import (
    COLORS,
    FIRST,
    Block,
    Function,
    bits,
    is_move,
    reads,
    role,
    writes,
)
from kring.lower.liveness import live_out, sweep
from kring.lower.spill import UNSPILLABLE, costs, spill
from kring.record import record

_ALL = (1 << COLORS) - 1
_ROUNDS = 30


@record(frozen=False, eq=False)
class Graph:
    """Registers that may not become one: bit b of `near[a]`, and bit a of `near[b]`.

    `moves` are pairs that had better become one. `alias` leads from a register to the one it was
    joined with; the others are the nodes. `cost` is what spilling a node would cost.
    """

    near: list[int]
    moves: list[tuple[int, int]]
    cost: list[float]
    alias: list[int]

    def node(self, reg: int) -> int:
        """The node the register is joined with."""
        while self.alias[reg] != reg:
            self.alias[reg] = reg = self.alias[self.alias[reg]]
        return reg

    def degree(self, node: int) -> int:
        """How many others the node may not become one with."""
        return self.near[node].bit_count()


def assign(fn: Function) -> None:
    """Every register is one of the machine's, and copies from a register to itself are gone.

    needs: edges without copies. keeps: which value each instruction reads.
    """
    sweep(fn.blocks)
    first_temporary = fn.regs
    for _ in range(_ROUNDS):
        near, moves = _interference(fn.blocks, fn.regs)
        cost = costs(fn.blocks, fn.regs, first_temporary)
        for may_join in (_always, _surely_colourable):
            graph = Graph(near.copy(), moves, cost.copy(), list(range(fn.regs)))
            _coalesce(graph, may_join)
            colors, failed = _colour(graph)
            if not failed:
                return _rename(fn.blocks, [colors[graph.node(reg)] for reg in range(fn.regs)])
        members: dict[int, list[int]] = {node: [] for node in failed}
        for reg in range(fn.regs):
            if (node := graph.node(reg)) in members:
                members[node].append(reg)
        spill(fn, members, graph.near)
    raise InternalError("registers do not suffice, with everything spilled that can be")


def _interference(blocks: Sequence[Block], count: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Which registers live at once, and the copies between those that do not only by that copy."""
    near = [_ALL ^ 1 << reg if reg < COLORS else 0 for reg in range(count)]
    moves: list[tuple[int, int]] = []
    out = live_out(blocks)
    for block in blocks:
        live = out[block]
        for inst in reversed(block.insns):
            gone = writes(inst)
            around = live = live & ~gone
            if is_move(inst):
                around &= ~(1 << inst.src)
                moves.append((inst.dst, inst.src))
            for reg in bits(gone):
                near[reg] |= around
            live |= reads(inst)
    for reg, others in enumerate(near.copy()):
        for other in bits(others):
            near[other] |= 1 << reg
    return near, moves


def _coalesce(graph: Graph, may_join: Callable[[Graph, int, int], bool]) -> None:
    """Copied registers joined where their lives do not overlap and `may_join` allows it."""
    pending = graph.moves
    joined = True
    while joined:
        joined, left = False, list[tuple[int, int]]()
        for pair in pending:
            a, b = sorted(map(graph.node, pair))
            if a == b or graph.near[a] >> b & 1:
                continue
            if may_join(graph, a, b):
                _join(graph, a, b)
                joined = True
            else:
                left.append(pair)
        pending = left
    graph.moves = pending


def _join(graph: Graph, a: int, b: int) -> None:
    near = graph.near
    for other in bits(near[b]):
        near[other] = near[other] & ~(1 << b) | 1 << a
    near[a] |= near[b]
    graph.alias[b] = a
    graph.cost[a] += graph.cost[b]


def _always(graph: Graph, a: int, b: int) -> bool:
    return True


def _surely_colourable(graph: Graph, a: int, b: int) -> bool:
    """Whether joining cannot make a graph uncolourable that was colourable: George's test with
    a register of the machine, Briggs' between others."""
    near = graph.near
    if a < COLORS:
        return all(
            near[other] >> a & 1 or graph.degree(other) < COLORS
            for other in bits(near[b])
            if other >= COLORS
        )
    together = bits(near[a] | near[b])
    crowded = sum(other < COLORS or graph.degree(other) >= COLORS for other in together)
    return crowded < COLORS


def _colour(graph: Graph) -> tuple[list[int], list[int]]:
    """A machine register for each node, and the nodes to spill because there was none."""
    near = graph.near
    colors = [*range(COLORS), *([-1] * (len(near) - COLORS))]
    taken = [1 << color for color in range(COLORS)]
    wishes: dict[int, list[int]] = {}
    for pair in graph.moves:
        a, b = map(graph.node, pair)
        wishes.setdefault(a, []).append(b)
        wishes.setdefault(b, []).append(a)
    failed: dict[int, None] = {}
    for node in reversed(_simplify(graph)):
        wanted = [colors[other] for other in wishes.get(node, ()) if colors[other] >= 0]
        for color in (*wanted, *range(COLORS)):
            if not near[node] & taken[color]:
                colors[node] = color
                taken[color] |= 1 << node
                break
        else:
            failed[_victim(graph, node)] = None
    return colors, list(failed)


def _victim(graph: Graph, node: int) -> int:
    """The node itself, or if that cannot be spilled, its cheapest neighbour."""
    if graph.cost[node] < UNSPILLABLE:
        return node
    others = [other for other in bits(graph.near[node]) if other >= COLORS]
    return min(others, key=lambda other: graph.cost[other])


def _simplify(graph: Graph) -> list[int]:
    """The nodes, last those to be coloured first: each has fewer neighbours among the later
    ones than there are colors, or was the cheapest to spill when no such node was left."""
    near, cost = graph.near, graph.cost
    nodes = [reg for reg in range(FIRST, len(near)) if graph.alias[reg] == reg]
    degree = [others.bit_count() for others in near]
    easy = [node for node in nodes if degree[node] < COLORS]
    crowded = [node for node in nodes if degree[node] >= COLORS]
    crowded.sort(key=lambda node: cost[node] / degree[node], reverse=True)
    order: dict[int, None] = {}
    while easy or crowded:
        node = (easy or crowded).pop()
        if node in order:
            continue
        order[node] = None
        for other in bits(near[node]):
            degree[other] -= 1
            if degree[other] == COLORS - 1 and other >= COLORS:
                easy.append(other)
    return list(order)


def _rename(blocks: Sequence[Block], colors: Sequence[int]) -> None:
    colors = [*colors[:COLORS], FRAME_POINTER, *colors[COLORS + 1 :]]
    for block in blocks:
        for inst in (*block.insns, *([block.test] if block.test else ())):
            writes_dst, reads_dst, reads_src = role(inst)
            if writes_dst or reads_dst:
                inst.dst = colors[inst.dst]
            if reads_src:
                inst.src = colors[inst.src]
        block.insns = [i for i in block.insns if not (is_move(i) and i.dst == i.src)]
