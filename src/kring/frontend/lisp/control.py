"""Forms that choose, and that leave."""

from __future__ import annotations

from functools import partial

from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import (
    CONDITIONS,
    FORMS,
    branch,
    condition,
    effects,
    give,
    optional,
    taken,
    value,
)
from kring.frontend.lisp.finish import finish
from kring.frontend.lisp.forms import Cell, Operand, Symbol, operands, show
from kring.frontend.lisp.outcome import Wanted, either, last, meet, met, way
from kring.frontend.lisp.scope import Rule, Scope
from kring.ir.core import Op, Value


def _first(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    """The value of the first form; the effects of the others are after it."""
    result = last(s, args[:1], wanted)
    effects(s, args[1:])
    return result


def _second(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    effects(s, args[:1])
    return _first(s, args[1:], wanted)


def _if(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    then, otherwise, after = b.join(), b.join(), b.join()
    condition(s, args[0], then, otherwise)
    for path, forms in ((then, args[1:2]), (otherwise, args[2:])):
        b.enter(path)
        meet(s, wanted, last(s, forms, wanted), after, way(args[0], path is then))
    return met(s, wanted, after)


def _when(s: Scope, args: list[Operand], wanted: Wanted, unless: bool = False) -> Value:
    b = s.b
    holds, skips, after = b.join(), b.join(), b.join()
    condition(s, args[0], *((skips, holds) if unless else (holds, skips)))
    b.enter(holds)
    meet(s, wanted, last(s, args[1:], wanted), after, way(args[0], not unless))
    b.enter(skips)
    meet(s, wanted, b.const(0), after, way(args[0], unless))
    return met(s, wanted, after)


def _is_default(arg: Operand, *names: str) -> bool:
    return isinstance(arg.form, Symbol) and arg.form.name in names


def _clause(arg: Operand) -> list[Operand]:
    if not isinstance(arg.form, Cell):
        refuse(arg.span, f"a clause is a list, not {show(arg.form)}", "write `(test form…)`")
    return operands(arg.form, arg.span)


def _cond(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    after = b.join()
    for arg in args:
        test, *forms = _clause(arg)
        if _is_default(test, "t"):
            meet(s, wanted, last(s, forms, wanted), after)
            return met(s, wanted, after)
        holds, following = b.join(), b.join()
        if forms or not wanted:
            condition(s, test, holds, following)
            b.enter(holds)
            meet(s, wanted, last(s, forms, wanted), after)
        else:
            found = value(s, test)
            branch(s, found, holds, following)
            b.enter(holds)
            give(s, found, after)
        b.enter(following)
    meet(s, wanted, b.const(0), after)
    return met(s, wanted, after)


def _case(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    key, after = value(s, args[0]), b.join()
    for arg in args[1:]:
        match, *forms = _clause(arg)
        if _is_default(match, "t", "otherwise"):
            meet(s, wanted, last(s, forms, wanted), after)
            return met(s, wanted, after)
        holds, following = b.join(), b.join()
        several = isinstance(match.form, Cell)
        for one in operands(match.form, match.span) if several else [match]:
            other = b.join()
            b.branch(b.emit(Op.EQ, key, value(s, one)), holds, other)
            b.enter(other)
        b.jump(following)
        b.enter(holds)
        meet(s, wanted, last(s, forms, wanted), after)
        b.enter(following)
    meet(s, wanted, b.const(0), after)
    return met(s, wanted, after)


# and, or, not


def _and(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    if not args:
        return b.const(1)
    fails, after = b.join(), b.join()
    for arg in args[:-1]:
        following = b.join()
        condition(s, arg, following, fails)
        b.enter(following)
    give(s, value(s, args[-1]), after)
    b.enter(fails)
    give(s, b.const(0), after)
    return taken(s, after)


def _or(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    if not args:
        return b.const(0)
    after = b.join()
    for arg in args[:-1]:
        found = value(s, arg)
        holds, following = b.join(), b.join()
        branch(s, found, holds, following)
        b.enter(holds)
        give(s, found, after)
        b.enter(following)
    give(s, value(s, args[-1]), after)
    return taken(s, after)


def _not(s: Scope, args: list[Operand]) -> Value:
    return s.b.emit(Op.EQ, value(s, args[0]), s.b.const(0))


def _if_and(s: Scope, args: list[Operand], then: Join, otherwise: Join) -> None:
    for arg in args:
        following = s.b.join()
        condition(s, arg, following, otherwise)
        s.b.enter(following)
    s.b.jump(then)


def _if_or(s: Scope, args: list[Operand], then: Join, otherwise: Join) -> None:
    for arg in args:
        following = s.b.join()
        condition(s, arg, then, following)
        s.b.enter(following)
    s.b.jump(otherwise)


def _if_not(s: Scope, args: list[Operand], then: Join, otherwise: Join) -> None:
    condition(s, args[0], otherwise, then)


def _if_equal(s: Scope, args: list[Operand], then: Join, otherwise: Join) -> None:
    """Go by whether two values are equal; a pointer is compared with 0 by asking for itself."""
    left, right = (value(s, arg) for arg in args)
    for one, other in ((left, right), (right, left)):
        if one.type.space is not None and other.op is Op.CONST and not other.imm:
            branch(s, one, otherwise, then)
            return
    s.b.span = args[0].span
    s.b.branch(s.b.emit(Op.EQ, left, right), then, otherwise)


def _if_different(s: Scope, args: list[Operand], then: Join, otherwise: Join) -> None:
    _if_equal(s, args, otherwise, then)


def _return(s: Scope, args: list[Operand]) -> Value:
    span = s.b.span
    result = optional(s, args)
    finish(s, result, span)
    return s.b.const(0)


FORMS.update(
    {
        "progn": either("[form…]", last),
        "prog1": either("form [form…]", _first),
        "prog2": either("form form [form…]", _second),
        "if": either("test then [else]", _if),
        "when": either("test [form…]", _when),
        "unless": either("test [form…]", partial(_when, unless=True)),
        "cond": either("[(test form…)…]", _cond),
        "case": either("key [(value form…)…]", _case),
        "and": Rule("[form…]", _and),
        "or": Rule("[form…]", _or),
        "not": Rule("form", _not),
        "return": Rule("[value]", _return),
    }
)
CONDITIONS.update(
    {"and": _if_and, "or": _if_or, "not": _if_not, "=": _if_equal, "/=": _if_different}
)
