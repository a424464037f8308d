"""Conditions: paths that part by a test, with what the test proves about variables on each.

`condition` sends the path at hand to one of two joins. Comparing a lookup's result with None takes
the value on the one and leaves None on the other; expressions that choose between operands
(`and`, `or`, `x if c else y`) are built from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from kring.decl.kernel import KernelEnum, KernelStruct
from kring.frontend import integers, walk
from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import EXPRESSIONS, evaluate, map_of, number, pending, taken
from kring.frontend.frame import Decision, Frame, Pending, as_number
from kring.frontend.maps import is_in
from kring.frontend.streams import count_missing, open_record
from kring.frontend.values import (
    Items,
    KernelPtr,
    Maybe,
    Mixed,
    Nothing,
    Num,
    Record,
    Ref,
    Static,
    Text,
    Token,
    Val,
    describe,
)
from kring.ir.core import Value


def condition(frame: Frame, node: ast.expr, then: Join, otherwise: Join) -> None:
    """Go to `then` if the expression is true, else to `otherwise`, with what that proves."""
    b = frame.b
    match node:
        case ast.BoolOp(op, operands):
            for operand in operands[:-1]:
                middle = b.join()
                if isinstance(op, ast.And):
                    condition(frame, operand, middle, otherwise)
                else:
                    condition(frame, operand, then, middle)
                b.enter(middle)
                if b.block is None:
                    return
            condition(frame, operands[-1], then, otherwise)
        case ast.UnaryOp(ast.Not(), operand):
            condition(frame, operand, otherwise, then)
        case ast.Compare(left, [ast.Is() | ast.IsNot() as op], [right]):
            if not (isinstance(right, ast.Constant) and right.value is None):
                refuse(frame.at(node), "`is` compares with None only", "compare numbers with `==`")
            some, none = (then, otherwise) if isinstance(op, ast.IsNot) else (otherwise, then)
            _narrow(frame, left, some, none)
        case ast.Compare(left, [ast.In() | ast.NotIn() as op], [right]):
            there, missing = (then, otherwise) if isinstance(op, ast.In) else (otherwise, then)
            _contains(frame, node, left, right, there, missing)
        case ast.Compare(_, ops) if len(ops) > 1:
            _chain(frame, node, then, otherwise)
        case _:
            _truth(frame, node, then, otherwise)


def _contains(
    frame: Frame, node: ast.expr, left: ast.expr, right: ast.expr, then: Join, otherwise: Join
) -> None:
    """`left in right`: a value among a few, a map's key, or a name of the target kernel's type."""
    from kring.frontend.members import among, members

    owner = None if isinstance(right, ast.Tuple | ast.List | ast.Set) else evaluate(frame, right)
    if (found := members(frame, right, owner)) is not None:
        among(frame, left, found, then, otherwise)
        return
    match owner:
        case Text():
            cure = "compare with `==` or `.startswith()`; search where you read the records"
            refuse(frame.at(node), "a program cannot search in a string", cure)
        case Items():
            cure = f"write a loop: `for x in {ast.unparse(right)}:`"
            refuse(frame.at(node), "`in` asks maps for keys, and a few constants for a value", cure)
        case Static(type() as kind) if issubclass(kind, KernelStruct | KernelEnum):
            named = evaluate(frame, left)
            if not (isinstance(named, Text) and named.kind == "literal"):
                refuse(frame.at(left), 'this is asked of a field\'s name: `"pid" in task_struct`')
            there = walk.contains(frame.b, named.literal, kind, frame.at(node))
        case _:
            declaration, name = map_of(frame, right, "in")
            key = evaluate(frame, left)
            frame.at(node)
            there = is_in(frame.b, declaration, name, key)
    frame.b.branch(there, then, otherwise)


def _truth(frame: Frame, node: ast.expr, then: Join, otherwise: Join) -> None:
    found = pending(frame, node)
    if isinstance(found, Decision):
        frame.at(node)
        found.go(then, otherwise)
        return
    val = taken(frame, node, found)
    span = frame.at(node)
    match val:
        case Num():
            frame.b.branch(integers.truth(frame.b, val), then, otherwise)
        case Static(None):
            frame.b.jump(otherwise)
        case KernelPtr(pointer):
            frame.b.branch(pointer, then, otherwise)
        case Maybe():
            refuse(
                span,
                f"this is {describe(val)}: its truth could mean either",
                "write `is not None`, or compare the number after that",
            )
        case _:
            cures = ('write `!= ""`',) if isinstance(val, Text) else ()
            refuse(span, f"{describe(val)} is neither true nor false in a program", *cures)


def _chain(frame: Frame, node: ast.Compare, then: Join, otherwise: Join) -> None:
    """`a < b < c`: each operand evaluated once, stopping at the first that fails."""
    b = frame.b
    left = number(frame, node.left)
    for op, expression in zip(node.ops, node.comparators, strict=True):
        if type(op) not in _COMPARISONS:
            refuse(frame.at(node), "a chain compares numbers only", "join the tests with `and`")
        right = number(frame, expression)
        frame.at(node)
        holds = integers.compare(b, _COMPARISONS[type(op)], left, right)
        last = expression is node.comparators[-1]
        following = then if last else b.join()
        b.branch(holds, following, otherwise)
        if last:
            return
        b.enter(following)
        if b.block is None:
            return
        left = right


def _narrow(frame: Frame, node: ast.expr, some: Join, none: Join) -> None:
    """Go to `some` with the value where there is one, to `none` with None where there is not."""
    b = frame.b
    name = ""
    if isinstance(node, ast.NamedExpr):
        name, node = node.target.id, node.value
    elif isinstance(node, ast.Name):
        name = node.id
    val = pending(frame, node)
    if isinstance(val, Decision):
        val = taken(frame, node, val)
    frame.at(node)
    match val:
        case Pending(pointer, take):
            _split(frame, name, pointer, take, lambda: None, some, none)
        case Maybe(present, Record() as record):

            def open_it() -> Val:
                open_record(b, record)
                return record

            _split(frame, name, present, open_it, lambda: count_missing(b, record), some, none)
        case Maybe(present, KernelPtr(token=Token() as token) as inner):

            def give_up() -> None:
                b.held -= {token}

            _split(frame, name, present, lambda: inner, give_up, some, none)
        case Maybe(present, inner):
            _split(frame, name, present, lambda: inner, lambda: None, some, none)
        case Static(None):
            b.jump(none)
        case _:
            if name:
                b.env[name] = val
            if isinstance(val, KernelPtr):
                b.branch(val.pointer, some, none)
            else:
                b.jump(some)


def _split(
    frame: Frame,
    name: str,
    present: Value,
    take: Callable[[], Val],
    miss: Callable[[], None],
    some: Join,
    none: Join,
) -> None:
    b = frame.b
    found, missing = b.join(), b.join()
    b.branch(present, found, missing)
    b.enter(found)
    val = take() if b.block is not None else None
    if name and val is not None:
        b.env[name] = val
    b.jump(some)
    b.enter(missing)
    if b.block is not None:
        miss()
        if name and isinstance(val, Num | Ref | KernelPtr):
            b.env[name] = Nothing(Maybe(present, val), b.const(0))
        elif name:
            b.env[name] = Static(None)
    b.jump(none)


# Expressions that choose


def _if_else(frame: Frame, node: ast.IfExp) -> Val:
    b = frame.b
    then, otherwise, after = b.join(), b.join(), b.join()
    condition(frame, node.test, then, otherwise)
    for branch, expression in ((then, node.body), (otherwise, node.orelse)):
        b.enter(branch)
        if b.block is not None:
            b.env[_RESULT] = evaluate(frame, expression)
            b.jump(after)
    b.enter(after)
    return _result(frame, node)


_RESULT = "<result>"


def _result(frame: Frame, node: ast.expr) -> Val:
    if frame.b.block is None:
        return Num(frame.b.const(0))
    val = frame.b.env.pop(_RESULT)
    if isinstance(val, Mixed):
        refuse(frame.at(node), f"this is {val.one} or {val.other}; both must be of one kind")
    return val


def _as_value(frame: Frame, node: ast.expr) -> Val:
    """A condition as 1 or 0."""
    return as_number(frame.b, Decision(lambda then, no: condition(frame, node, then, no)))


def _and_or(frame: Frame, node: ast.BoolOp) -> Val:
    """The operand that decides, as Python has it."""
    b = frame.b
    after = b.join()
    stops = isinstance(node.op, ast.And)
    for operand in node.values[:-1]:
        decided, undecided = b.join(), b.join()
        ways = (undecided, decided) if stops else (decided, undecided)
        if isinstance(operand, ast.Compare) or _negates(operand):
            condition(frame, operand, *ways)
            b.enter(decided)
            b.env[_RESULT] = Num(b.const(0 if stops else 1))
        else:
            val = b.env[_RESULT] = number(frame, operand)
            b.branch(integers.truth(b, val), *ways)
            b.enter(decided)
        b.jump(after)
        b.enter(undecided)
        if b.block is None:
            break
    if b.block is not None:
        b.env[_RESULT] = number(frame, node.values[-1])
        b.jump(after)
    b.enter(after)
    return _result(frame, node)


def _negates(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _compare(frame: Frame, node: ast.Compare) -> Val | Decision:
    if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARISONS:
        return _as_value(frame, node)
    spelled = _COMPARISONS[type(node.ops[0])]
    left, right = evaluate(frame, node.left), evaluate(frame, node.comparators[0])
    span = frame.at(node)
    if isinstance(left, KernelPtr) or isinstance(right, KernelPtr):
        return walk.same(frame.b, left, spelled, right, span)
    if not (isinstance(left, Num) and isinstance(right, Num)):
        from kring.frontend.compare import compared

        if (decision := compared(frame.b, spelled, left, right, span)) is not None:
            return decision
        left = frame.number(left, frame.at(node.left))
        right = frame.number(right, frame.at(node.comparators[0]))
        frame.at(node)
    return Num(integers.compare(frame.b, spelled, left, right))


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


EXPRESSIONS.update({ast.IfExp: _if_else, ast.BoolOp: _and_or, ast.Compare: _compare})
