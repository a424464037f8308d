"""Edges that decide the branch of the block they lead to.

needs: nothing. keeps: the body of every block; edges go past blocks whose bodies they need not.

    b1: br v1 b3 b2
    b2: jump b3                 b1: br v1 b4 b5
    b3: br v1 b4 b5      →

An edge decides a branch by the constants it passes, or because the way there took the same test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kring.ir.core import ROWS, Block, Edge, Fn, Op, Type, Value, number
from kring.ir.graph import Dominance, dominance, predecessors, tested
from kring.ir.passes.sweep import INVERSE

_LONGEST = 3
"""Values in a block that an edge is threaded through."""
_BACK = 6
"""How many branches on the way to an edge are asked."""
_AHEAD = 3
"""How many branches in a row an edge is led past."""


def known_truth(value: Value) -> bool | None:
    """Whether the value is not 0, if that is plain to see."""
    constant = number(value)
    if constant is not None:
        return constant != 0
    return True if value.type.never_null else None


def thread(fn: Fn) -> bool:
    """An edge that decides the branch of the block it leads to goes where that branch leads."""
    tests = _Tests(fn)
    found = [
        (block, edge)
        for block in fn.blocks
        for edge in block.edges
        if _short(edge.block) and (_gives(edge) or tests.again(edge.block))
    ]
    if not found:
        return False
    elsewhere = Elsewhere(fn, {edge.block for _, edge in found})
    facts: Dominance | None = None
    changed = False
    for source, edge in found:
        through = edge.block
        truth = tests.decided(source, edge)
        if truth is None:
            continue
        given = dict(zip(through.params, edge.args, strict=True))
        taken, other = through.edges if truth else reversed(through.edges)
        if taken.block is through or any(arg in through.body for arg in taken.args):
            continue
        users = elsewhere.users[through]
        if users:
            # What the block computes must be used behind its other edge; parameters that are
            # used behind the edge taken become parameters there.
            facts = facts or dominance(fn)
            if taken.block is other.block or through not in facts.first:
                continue
            ahead = {user for user in users if not _behind(facts, through, other, {user})}
            if ahead and not (_loops(facts, through) or tests.all_decided(through)):
                continue  # a copy more for a test less
            if ahead and not _pass_on(fn, facts, through, taken, ahead):
                continue
            if ahead:
                elsewhere = Elsewhere(fn, {edge.block for _, edge in found})
        tests.move(source, through, taken.block)
        edge.block = taken.block
        edge.args = [given.get(arg, arg) for arg in taken.args]
        elsewhere.add(source, edge.args)
        facts = None
        changed = True
    return changed


def _short(block: Block) -> bool:
    """Whether little stands before the block's branch, and nothing that has an effect."""
    return (
        block.end is not None
        and block.end.op is Op.BR
        and len(block.body) <= _LONGEST
        and all(ROWS[value.op].evaluate is not None for value in block.body)
    )


def _gives(edge: Edge) -> bool:
    """Whether the edge gives a constant."""
    return any(known_truth(arg) is not None for arg in edge.args)


Test = tuple[Op, tuple[Value | int, ...]]
"""What a branch asks: a comparison by what it compares, so that two of the same kind are one."""
_FLIPPED = frozenset((Op.NE, Op.UGE, Op.UGT, Op.SGE, Op.SGT))
"""Comparisons that are asked by their inverse."""


def asked(end: Value, given: Mapping[Value, Value] | None = None) -> tuple[Test, bool]:
    """The test of a `br`, and whether it is taken where that holds; `given` are the parameters."""
    value, taken = tested(end)
    op, args = (value.op, value.args) if ROWS[value.op].compares else (Op.NE, [value])
    if op in _FLIPPED:
        op, taken = INVERSE[op], not taken
    passed = [given.get(arg, arg) for arg in args] if given else args
    known = [arg if (one := number(arg)) is None else one for arg in passed]
    return (op, tuple(known if known[1:] else (*known, 0))), taken


class _Tests:
    """What branches ask for, and what the ways to an edge have found of that."""

    def __init__(self, fn: Fn) -> None:
        self.preds = predecessors(fn)
        self.count: dict[Test, int] = {}
        for block in fn.blocks:
            if block.end is not None and block.end.op is Op.BR:
                test, _ = asked(block.end)
                self.count[test] = self.count.get(test, 0) + 1
        wanted = {arg for _, args in self.count for arg in args if isinstance(arg, Value)}
        self.home = {
            value: block
            for block in fn.blocks
            for value in (*block.params, *block.body)
            if value in wanted
        }

    def again(self, block: Block) -> bool:
        """Whether the block asks what another may have found out, or for what it is given."""
        assert block.end is not None
        test, _ = asked(block.end)
        return self.count.get(test, 0) > 1 or any(arg in block.params for arg in test[1])

    def all_decided(self, block: Block) -> bool:
        """Whether every edge to the block decides its branch."""
        return all(
            self.decided(pred, edge) is not None
            for pred in dict.fromkeys(self.preds[block])
            for edge in pred.edges
            if edge.block is block
        )

    def decided(self, block: Block, edge: Edge) -> bool | None:
        """Whether the block that the edge leads to takes its branch, if the edge decides that."""
        given = dict(zip(edge.block.params, edge.args, strict=True))
        truth = _decided(edge.block, given)
        return self.taken(block, edge, given) if truth is None else truth

    def taken(self, block: Block, edge: Edge, given: dict[Value, Value]) -> bool | None:
        """Whether the block that the edge leads to takes its branch, if one passed on the way
        has found that out."""
        assert edge.block.end is not None
        wanted, direct = asked(edge.block.end, given)
        args = [arg for arg in wanted[1] if isinstance(arg, Value)]
        if any(arg in edge.block.body for arg in args):
            return None  # what was found is about the value of the last time round
        for _ in range(_BACK):
            end = block.end
            if end is not None and end.op is Op.BR:
                test, holds = asked(end)
                if test == wanted:
                    truth = (edge is block.edges[0]) is holds
                    # Users of a pointer find it proven by one branch, not by one on each way.
                    proves = not truth and any(arg.type.nullable for arg in args)
                    return None if proves else truth is direct
            before = self.preds[block]
            if len(before) != 1 or any(self.home.get(arg) is block for arg in args):
                return None
            edge = next(edge for edge in before[0].edges if edge.block is block)
            block = before[0]
        return None

    def move(self, block: Block, old: Block, new: Block) -> None:
        """Note that one edge of the block leads elsewhere."""
        self.preds[old].remove(block)
        self.preds[new].append(block)


def _decided(block: Block, given: Mapping[Value, Value]) -> bool | None:
    """Which way the block's branch goes once the parameters are given, if that decides it."""
    found: dict[Value, int] = {}
    for value in block.body:
        evaluate = ROWS[value.op].evaluate
        args = [found.get(arg, number(given.get(arg, arg))) for arg in value.args]
        known = [arg for arg in args if arg is not None]
        if evaluate is not None and len(known) == len(args):
            found[value] = evaluate(known, value.imm if isinstance(value.imm, int) else 0)
        elif value.op in (Op.EQ, Op.NE) and args[1] == 0:
            if known_truth(given.get(value.args[0], value.args[0])):
                found[value] = int(value.op is Op.NE)
    assert block.end is not None
    test = block.end.args[0]
    return found[test] != 0 if test in found else known_truth(given.get(test, test))


def _loops(facts: Dominance, block: Block) -> bool:
    """Whether the block is the header of a loop."""
    return any(pred in facts.first and facts.dominates(block, pred) for pred in facts.preds[block])


def _behind(facts: Dominance, source: Block, edge: Edge, users: set[Block]) -> bool:
    """Whether every way to the users takes the edge."""
    if source not in facts.first or not facts.edge_leads(source, edge.block):
        return False
    return all(user in facts.first and facts.dominates(edge.block, user) for user in users)


def thread_far(fn: Fn) -> bool:
    """An edge that decides a later branch, and whose other branches on the way there lead to the
    same place whichever way they go, goes there at once."""
    changed = False
    for block in fn.blocks:
        for edge in block.edges:
            if not _gives(edge) or not _silent(edge.block):
                continue
            found = _end(edge, {}, frozenset(), _AHEAD)
            if found is None or found[0].block is edge.block:
                continue
            end, passed = found
            users = Elsewhere(fn, set(passed)).users
            if not _reaches(end.block, set[Block]().union(*users.values())):
                edge.block, edge.args = end.block, end.args
                changed = True
    return changed


def _reaches(block: Block, wanted: set[Block]) -> bool:
    """Whether a way leads from the block to one of others, or it is one itself."""
    seen, pending = {block}, [block]
    while pending and wanted:
        block = pending.pop()
        if block in wanted:
            return True
        for edge in block.edges:
            if edge.block not in seen:
                seen.add(edge.block)
                pending.append(edge.block)
    return False


def _silent(block: Block) -> bool:
    """Whether nothing but its branch matters of a block."""
    return (
        block.end is not None
        and block.end.op is Op.BR
        and all(ROWS[value.op].pure or value.op is Op.LOAD for value in block.body)
    )


def _end(
    edge: Edge, given: Mapping[Value, Value], passed: frozenset[Block], steps: int
) -> tuple[Edge, frozenset[Block]] | None:
    """Where the edge leads in the end, as far as that is plain, and the blocks it passes; None
    if it takes along what one of those computes."""
    block, args = edge.block, [given.get(arg, arg) for arg in edge.args]
    if steps and block not in passed and _silent(block):
        inside = {**given, **dict(zip(block.params, args, strict=True))}
        truth = _decided(block, inside)
        ways = block.edges if truth is None else [block.edges[0 if truth else 1]]
        ends = [_end(way, inside, passed | {block}, steps - 1) for way in ways]
        known = [end for end in ends if end is not None]
        if len(known) == len(ends) and all(same_end(known[0][0], end) for end, _ in known):
            return known[0][0], frozenset[Block]().union(*(over for _, over in known))
    if any(arg in over.body for over in passed for arg in args):
        return None
    return Edge(block, args), passed


def same_end(one: Edge, other: Edge) -> bool:
    """Whether two edges lead to the same place with the same values."""
    return one.block is other.block and all(
        a is b or (number(a) is not None and number(a) == number(b) and a.type == b.type)
        for a, b in zip(one.args, other.args, strict=True)
    )


def _pass_on(fn: Fn, facts: Dominance, block: Block, edge: Edge, users: set[Block]) -> bool:
    """Whether the users, all behind the edge, now use parameters of the block it leads to for
    those of the block it comes from."""
    target = edge.block
    if not _behind(facts, block, edge, users) or any(
        arg in block.body for user in users for arg in _operands(user)
    ):
        return False
    used = {arg for user in users for arg in _operands(user)}
    new = {
        param: fn.value(Op.PARAM, type=_found(block, edge, param), span=param.span)
        for param in block.params
        if param in used
    }
    for user in users:
        _rename(user, new)
    for pred in dict.fromkeys(facts.preds[target]):
        for way in pred.edges:
            if way.block is target:
                way.args += new if way is edge else new.values()
    target.params += new.values()
    return True


def _found(block: Block, edge: Edge, value: Value) -> Type:
    """The type of a value once the block's branch has led along the edge."""
    assert block.end is not None
    test, some = tested(block.end)
    if test is value and some is (edge is block.edges[0]):
        return Type(value.type.space)
    return value.type


def _operands(block: Block) -> Iterator[Value]:
    for value in block.body:
        yield from value.args
    if block.end is not None:
        yield from block.end.args
    for edge in block.edges:
        yield from edge.args


def _rename(block: Block, new: Mapping[Value, Value]) -> None:
    ends = [] if block.end is None else [block.end.args]
    for args in (*(v.args for v in block.body), *ends, *(edge.args for edge in block.edges)):
        args[:] = [new.get(arg, arg) for arg in args]


class Elsewhere:
    """For some blocks, which other blocks use their parameters and values."""

    def __init__(self, fn: Fn, wanted: set[Block]) -> None:
        self.home = {v: block for block in wanted for v in (*block.params, *block.body)}
        self.users: dict[Block, set[Block]] = {block: set() for block in wanted}
        for block in fn.blocks:
            for value in block.body:
                self.add(block, value.args)
            if block.end is not None:
                self.add(block, block.end.args)
            for edge in block.edges:
                self.add(block, edge.args)

    def add(self, user: Block, args: list[Value]) -> None:
        for arg in args:
            at = self.home.get(arg)
            if at is not None and at is not user:
                self.users[at].add(user)
