"""Loops that the verifier could not see end, refused before it has to.

In: a function as it was built, and its `while` loops. The verifier follows such a loop round by
round, so something it knows must change from round to round and end it: a value carried round, not
what a map, a packet or a helper holds. Loops that are neither plainly good nor plainly endless are
left to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kring.errors import CompileError
from kring.frontend.bounds import bounds
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.ir.core import MASK, ROWS, Block, Edge, Op, Space, Span, Value, number, signed
from kring.ir.graph import Dominance, dominance, latches, loop_body

_FOLLOWED = 300_000
"""Rounds that are too many for the verifier, which gives up after 1,000,000 instructions, whatever
is in them. See: BPF_COMPLEXITY_LIMIT_INSNS."""

_COUNT = "bound it: `for _ in range(limit):`, with `if …: break` inside"
_STAYS = {Op.ULT, Op.ULE, Op.SLT, Op.SLE, Op.UGT, Op.UGE, Op.SGT, Op.SGE, Op.NE}


def endless(b: Builder) -> Iterator[CompileError]:
    """An error for each `while` of the function that cannot end."""
    tree = dominance(b.fn)
    for header, span in b.whiles:
        if header in tree.first and (body := loop_body(tree, header)):
            try:
                _check(tree, header, body, span)
            except CompileError as error:
                yield error


def _check(tree: Dominance, header: Block, body: set[Block], span: Span) -> None:
    exits = [block for block in body if any(edge.block not in body for edge in block.edges)]
    if not exits:
        refuse(span, "this loop never ends", "leave it with `break` or `return`", _COUNT)
    sources = _sources(body, header)
    changing = {p for p in header.params if _changes(p, header, body)}
    tests = {block: end.args[0] for block in body if (end := block.end) and end.op is Op.BR}
    inner = [*tests.values()]
    if not any(_may_end(tests[block], sources, inner, changing) for block in exits):
        refuse(
            span,
            "nothing that this loop carries from round to round ends it, so the verifier would "
            "follow it forever",
            _COUNT,
        )
    rounds = [_rounds(tree, header, body, block) for block in exits]
    known = [count for count in rounds if count is not None]
    if len(known) == len(exits) and min(known) > _FOLLOWED:
        refuse(
            span,
            f"this loop may come round {min(known):,} times, and the verifier follows a `while` "
            "round by round: it gives up long before",
            "count with `for … in range(…)`, which the kernel steps",
        )


def _sources(body: set[Block], header: Block) -> dict[Value, list[Value]]:
    """What each parameter of the loop's inner blocks may be given."""
    found: dict[Value, list[Value]] = {}
    for block in body:
        for edge in block.edges:
            if edge.block in body and edge.block is not header:
                for param, arg in zip(edge.block.params, edge.args, strict=True):
                    found.setdefault(param, []).append(arg)
    return found


def _back(header: Block, body: set[Block]) -> Iterator[Edge]:
    for block in body:
        yield from (edge for edge in block.edges if edge.block is header)


def _changes(param: Value, header: Block, body: set[Block]) -> bool:
    at = header.params.index(param)
    return any(edge.args[at] is not param for edge in _back(header, body))


def _may_end(
    test: Value,
    sources: dict[Value, list[Value]],
    tests: list[Value],
    changing: Iterable[Value],
) -> bool:
    """Whether a test depends on something that the verifier sees change; `tests` are all those of
    the loop."""
    ends = set(changing)
    seen: set[Value] = set()
    pending = [test]
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        if value in ends:
            return True
        if value.op is Op.LOAD and value.args[0].type.space is Space.STACK:
            return True
        if value.op is Op.PARAM and (given := sources.get(value)):
            # Where paths meet, the value depends on the tests that chose one of them too.
            pending += given if len(given) == 1 else (*given, *tests)
        elif value.op is Op.KFUNC:
            return True
        elif ROWS[value.op].evaluate is not None:
            pending += value.args
    return False


def _rounds(tree: Dominance, header: Block, body: set[Block], block: Block) -> int | None:
    """After how many rounds an exit is surely taken, if it compares a counter with a constant."""
    end = block.end
    if end is None or end.op is not Op.BR or not _always(tree, header, block):
        return None
    test, stays = end.args[0], block.edges[0].block in body
    if not stays:
        return None
    # A number by itself is compared with 0.
    op, args = (test.op, test.args) if ROWS[test.op].compares else (Op.NE, [test])
    limit = number(args[1]) if args[1:] else 0
    counter, offset = _moved(args[0])
    if op not in _STAYS or limit is None or counter not in header.params:
        return None
    step, first = _step(counter, header, body), _first(counter, header, body, tree)
    if not step or first is None:
        return None
    low, high = first[0] + offset, first[1] + offset
    nearest, farthest = sorted((signed(limit) - low, signed(limit) - high), key=lambda d: d * step)
    if op is Op.NE:
        if abs(step) != 1:
            return None
        # What has the limit behind it gets there after all other numbers.
        return farthest * step if nearest * step >= 0 else MASK
    upwards = op in (Op.ULT, Op.ULE, Op.SLT, Op.SLE)
    if upwards != (step > 0) or (low < 0 and op in (Op.ULT, Op.ULE, Op.UGT, Op.UGE)):
        return None
    return max(0, -(-farthest // step))


def _always(tree: Dominance, header: Block, block: Block) -> bool:
    """Whether every round passes the block."""
    return all(tree.dominates(block, latch) for latch in latches(tree, header))


def _step(counter: Value, header: Block, body: set[Block]) -> int:
    """By how much each round changes the counter, 0 if that differs."""
    at = header.params.index(counter)
    steps: set[int] = set()
    for edge in _back(header, body):
        base, by = _moved(edge.args[at])
        steps.add(by if base is counter else 0)
    return steps.pop() if len(steps) == 1 else 0


def _moved(value: Value) -> tuple[Value, int]:
    """A value as another and a constant added to that, if it is made so."""
    by = number(value.args[1]) if value.op in (Op.ADD, Op.SUB) else None
    if by is None:
        return value, 0
    return value.args[0], signed(by) if value.op is Op.ADD else -signed(by)


def _first(
    counter: Value, header: Block, body: set[Block], tree: Dominance
) -> tuple[int, int] | None:
    """What the counter may be when the loop begins."""
    at = header.params.index(counter)
    for block in tree.preds[header]:
        if block not in body:
            for edge in block.edges:
                if edge.block is header:
                    return bounds(edge.args[at])
    return None
