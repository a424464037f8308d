"""Forms that bind variables, choose and repeat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

from kring.abi.uapi import MAX_ROUNDS
from kring.frontend.builder import Join
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.expressions import (
    CONDITIONS,
    FORMS,
    bind,
    body,
    branch,
    condition,
    constant,
    effects,
    give,
    hide,
    place,
    taken,
    type_name,
    value,
)
from kring.frontend.lisp.finish import finish
from kring.frontend.lisp.forms import Cell, Operand, Symbol, head, operands, show
from kring.frontend.lisp.inference import type_of
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.paths import Env, Loop
from kring.frontend.rounds import FOLLOWED, Range
from kring.frontend.values import Num
from kring.ir.core import Op, Value

Wanted = bool
"""Whether the value of a form is asked for."""


def _last(s: Scope, forms: list[Operand], wanted: Wanted) -> Value:
    """The value of the last of some forms; just 0 if it is not wanted."""
    if wanted:
        return body(s, forms)
    effects(s, forms)
    return s.b.const(0)


def _meet(
    s: Scope, wanted: Wanted, result: Value, after: Join, way: Callable[[], str] | None = None
) -> None:
    """End a path where others of the form end too; `way` says which one it is."""
    if wanted:
        give(s, result, after, way)
    else:
        s.b.jump(after, way)


def _way(test: Operand, holds: bool) -> Callable[[], str]:
    return lambda: (
        f"where `{show(test.form)}` {'holds' if holds else 'does not hold'} (line {test.span.line})"
    )


def _met(s: Scope, wanted: Wanted, after: Join) -> Value:
    if wanted:
        return taken(s, after)
    s.b.enter(after)
    return s.b.const(0)


def _progn(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    return _last(s, args, wanted)


def _first(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    """The value of the first form; the effects of the others are after it."""
    result = _last(s, args[:1], wanted)
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
        _meet(s, wanted, _last(s, forms, wanted), after, _way(args[0], path is then))
    return _met(s, wanted, after)


def _when(s: Scope, args: list[Operand], wanted: Wanted, unless: bool = False) -> Value:
    b = s.b
    holds, skips, after = b.join(), b.join(), b.join()
    condition(s, args[0], *((skips, holds) if unless else (holds, skips)))
    b.enter(holds)
    _meet(s, wanted, _last(s, args[1:], wanted), after, _way(args[0], not unless))
    b.enter(skips)
    _meet(s, wanted, b.const(0), after, _way(args[0], unless))
    return _met(s, wanted, after)


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
            _meet(s, wanted, _last(s, forms, wanted), after)
            return _met(s, wanted, after)
        holds, following = b.join(), b.join()
        if forms or not wanted:
            condition(s, test, holds, following)
            b.enter(holds)
            _meet(s, wanted, _last(s, forms, wanted), after)
        else:
            found = value(s, test)
            branch(s, found, holds, following)
            b.enter(holds)
            give(s, found, after)
        b.enter(following)
    _meet(s, wanted, b.const(0), after)
    return _met(s, wanted, after)


def _case(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    key, after = value(s, args[0]), b.join()
    for arg in args[1:]:
        match, *forms = _clause(arg)
        if _is_default(match, "t", "otherwise"):
            _meet(s, wanted, _last(s, forms, wanted), after)
            return _met(s, wanted, after)
        holds, following = b.join(), b.join()
        several = isinstance(match.form, Cell)
        for one in operands(match.form, match.span) if several else [match]:
            other = b.join()
            b.branch(b.emit(Op.EQ, key, value(s, one)), holds, other)
            b.enter(other)
        b.jump(following)
        b.enter(holds)
        _meet(s, wanted, _last(s, forms, wanted), after)
        b.enter(following)
    _meet(s, wanted, b.const(0), after)
    return _met(s, wanted, after)


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


# Variables


def _binding(arg: Operand) -> tuple[Operand, str, Operand | None]:
    """Variable, declared type or nothing, and what it begins with, if that is said."""
    parts = operands(arg.form, arg.span) if isinstance(arg.form, Cell) else []
    if not 2 <= len(parts) <= 3:
        refuse(arg.span, f"{show(arg.form)} is no binding", _BINDINGS)
    first, *rest = parts
    if not isinstance(first.form, Symbol):
        refuse(first.span, f"{show(first.form)} is no name for a variable", _BINDINGS)
    if len(rest) == 2:
        return first, type_name(rest[0]), rest[1]
    named = isinstance(rest[0].form, Symbol) and rest[0].form.name
    return (first, str(named), None) if named in SIZES else (first, "", rest[0])


_BINDINGS = "bindings are lists: `(let ((x 1) (y u32 2) (z u64)) …)`"


def _bindings(arg: Operand) -> list[tuple[Operand, str, Operand | None]]:
    if arg.form is not None and not isinstance(arg.form, Cell):
        refuse(arg.span, f"{show(arg.form)} is no list of bindings", _BINDINGS)
    return [_binding(one) for one in operands(arg.form, arg.span)]


def _declared(forms: list[Operand]) -> tuple[dict[Symbol, str], list[Operand]]:
    """The types that a body begins by declaring, and the rest of it."""
    found: dict[Symbol, str] = {}
    while forms and head(forms[0].form) == "declare":
        for spec in operands(forms[0].form, forms[0].span)[1:]:
            words = operands(spec.form, spec.span)
            if words and _is_default(words[0], "type") and len(words) > 1:
                words = words[1:]
            elif not words or not (_is_default(words[0], *SIZES)):
                continue  # `(declare (ignore x))` and its like mean nothing here
            kind = type_name(words[0])
            found |= {one.form: kind for one in words[1:] if isinstance(one.form, Symbol)}
        forms = forms[1:]
    return found, forms


def _begin(s: Scope, kind: str, init: Operand | None) -> Value:
    """What a variable holds first; a literal is cut to the type declared."""
    if init is None:
        return s.b.const(0)
    found = value(s, init)
    written = isinstance(init.form, int) or (
        isinstance(init.form, Symbol) and init.form not in s.names
    )
    if kind and written and found.op is Op.CONST:
        return s.b.emit(Op.ZEXT, found, imm=SIZES[kind] * 8)
    return found


def _let(s: Scope, args: list[Operand], wanted: Wanted, one_by_one: bool = False) -> Value:
    declared, forms = _declared(args[1:])
    before, beside = dict(s.names), s.beside
    made: list[tuple[Operand, str, Value]] = []
    for name, kind, init in _bindings(args[0]):
        assert isinstance(name.form, Symbol)
        s.beside = (*beside, *(one.form for one, _, _ in made if isinstance(one.form, Symbol)))
        kind = kind or declared.get(name.form, "")
        made.append((name, kind or type_of(s, init), _begin(s, kind, init)))
        if one_by_one:
            _bind(s, *made.pop())
    s.beside = beside
    for one in made:
        _bind(s, *one)
    result = _last(s, forms, wanted)
    hide(s, before)
    return result


def _bind(s: Scope, name: Operand, kind: str, found: Value) -> None:
    assert isinstance(name.form, Symbol)
    s.types[bind(s, name.form, found, name.span)] = kind


def _when_let(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    before, skips, after = dict(s.names), b.join(), b.join()
    for name, kind, init in _bindings(args[0]):
        found = _begin(s, kind, init)
        _bind(s, name, kind or type_of(s, init), found)
        holds = b.join()
        branch(s, found, holds, skips)
        b.enter(holds)
    _meet(s, wanted, _last(s, args[1:], wanted), after)
    b.enter(skips)
    _meet(s, wanted, b.const(0), after)
    hide(s, before)
    return _met(s, wanted, after)


def _if_let(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    name, kind, init = _binding(args[0])
    before = dict(s.names)
    found = _begin(s, kind, init)
    _bind(s, name, kind or type_of(s, init), found)
    then, otherwise, after = b.join(), b.join(), b.join()
    branch(s, found, then, otherwise)
    b.enter(then)
    _meet(s, wanted, _last(s, args[1:2], wanted), after)
    b.enter(otherwise)
    _meet(s, wanted, _last(s, args[2:], wanted), after)
    hide(s, before)
    return _met(s, wanted, after)


def _setf(s: Scope, args: list[Operand]) -> Value:
    if len(args) % 2:
        refuse(args[-1].span, f"{show(args[-1].form)} is set to nothing", "write place and value")
    result = s.b.const(0)
    for target, source in zip(args[::2], args[1::2], strict=True):
        into = place(s, target)
        result = value(s, source)
        s.b.span = target.span
        into.write(result)
    return result


def _incf(s: Scope, args: list[Operand]) -> Value:
    into = place(s, args[0])
    before = into.read() if into.add is None else None
    more = value(s, args[1]) if args[1:] else s.b.const(1)
    s.b.span = args[0].span
    if before is None:
        assert into.add is not None
        return into.add(more)
    from kring.frontend.lisp.arithmetic import add

    result = add(s, before, more, args[0].span)
    into.write(result)
    return result


def _decf(s: Scope, args: list[Operand]) -> Value:
    into = place(s, args[0])
    before = into.read()
    less = value(s, args[1]) if args[1:] else s.b.const(1)
    s.b.span = args[0].span
    from kring.frontend.lisp.arithmetic import subtract

    result = subtract(s, before, less, args[0].span)
    into.write(result)
    return result


# Loops


def _dotimes(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    parts = operands(args[0].form, args[0].span)
    if len(parts) != 2 or not isinstance(parts[0].form, Symbol):
        refuse(args[0].span, f"{show(args[0].form)} is no counter", "write `(dotimes (i 10) …)`")
    rounds = constant(s, parts[1], "how often a loop comes round")
    if rounds >= 1 << 63:
        refuse(parts[1].span, "a loop cannot come round less than 0 times")
    if rounds > MAX_ROUNDS:
        refuse(parts[1].span, f"a loop comes round {MAX_ROUNDS} times at the most, not {rounds}")
    if rounds:
        repeat = _stepped if rounds * prod(s.rounds) > FOLLOWED else _counted
        s.rounds.append(rounds)
        repeat(s, parts[0], rounds, args)
        s.rounds.pop()
    return b.const(0)


def _counted(s: Scope, name: Operand, rounds: int, args: list[Operand]) -> None:
    """A loop of so many rounds, which a variable of the program counts."""
    b, span = s.b, s.b.span
    counter = s.fresh(_COUNTER)
    b.env[counter] = Num(b.const(0), signed=False)
    carried = s.carried.setdefault(id(args[0].form), set())
    loop = b.loop(span, [counter, *(one for one in b.env if one in carried)])
    entered = dict(b.env)
    inside, after = b.join(), b.join()
    count = b.env[counter]
    assert isinstance(count, Num)
    b.branch(b.emit(Op.ULT, count.value, b.const(rounds)), inside, after)
    b.enter(inside)
    _round(s, name, count.value, args)
    b.span = span
    if b.block is not None:
        b.env[counter] = Num(b.emit(Op.ADD, count.value, b.const(1)), signed=False)
        _come_round(s, loop, entered, carried, counter)
    b.enter(after)
    b.env.pop(counter, None)


def _stepped(s: Scope, name: Operand, rounds: int, args: list[Operand]) -> None:
    """A loop of more rounds than the verifier is let follow, which the kernel counts."""
    from kring.frontend import iterators

    b, span = s.b, s.b.span
    carried = s.carried.setdefault(id(args[0].form), set())
    changed = [one for one in b.env if one in carried]
    numbers = Range(Num(b.const(0), signed=False), Num(b.const(rounds), signed=False), 1)
    iterator = iterators.begin(b, numbers, changed)
    s.iterators.append(iterator)
    loop = b.loop(span, changed)
    entered = dict(b.env)
    inside, after = b.join(), b.join()
    count = iterators.step(b, iterator, numbers, inside, after)
    _round(s, name, count.value, args)
    b.span = span
    if b.block is not None:
        _come_round(s, loop, entered, carried)
    b.enter(after)
    s.iterators.pop()
    if b.block is not None:
        iterators.end(b, iterator)


def _round(s: Scope, name: Operand, count: Value, args: list[Operand]) -> None:
    """The body of a loop, whose counter the variable has."""
    assert isinstance(name.form, Symbol)
    before = dict(s.names)
    bind(s, name.form, count, name.span)
    effects(s, args[1:])
    hide(s, before)


def _come_round(s: Scope, loop: Loop, entered: Env, carried: set[str], counter: str = "") -> None:
    """End a path where the loop begins again; what it changed, the loop has to carry."""
    b = s.b
    changed = {one for one in entered if b.env[one] != entered[one]} - {counter}
    s.again |= not changed <= carried
    carried |= changed
    b.again(loop)


_COUNTER = Symbol("<counter>")


def _return(s: Scope, args: list[Operand]) -> Value:
    span = s.b.span
    result = value(s, args[0]) if args else s.b.const(0)
    finish(s, result, span)
    return s.b.const(0)


_BOTH = {
    "progn": ("[form…]", _progn),
    "prog1": ("form [form…]", _first),
    "prog2": ("form form [form…]", _second),
    "if": ("test then [else]", _if),
    "when": ("test [form…]", _when),
    "unless": ("test [form…]", partial(_when, unless=True)),
    "cond": ("[(test form…)…]", _cond),
    "case": ("key [(value form…)…]", _case),
    "let": ("((variable [type] value)…) [form…]", _let),
    "let*": ("((variable [type] value)…) [form…]", partial(_let, one_by_one=True)),
    "when-let": ("((variable [type] value)…) [form…]", _when_let),
    "if-let": ("(variable [type] value) then [else]", _if_let),
}
FORMS.update(
    {
        **{
            name: Rule(usage, partial(form, wanted=True), effect=partial(form, wanted=False))
            for name, (usage, form) in _BOTH.items()
        },
        "and": Rule("[form…]", _and),
        "or": Rule("[form…]", _or),
        "not": Rule("form", _not),
        "setf": Rule("[place value…]", _setf),
        "incf": Rule("place [n]", _incf),
        "decf": Rule("place [n]", _decf),
        "dotimes": Rule("(variable rounds) [form…]", _dotimes),
        "return": Rule("[value]", _return),
    }
)
CONDITIONS.update(
    {"and": _if_and, "or": _if_or, "not": _if_not, "=": _if_equal, "/=": _if_different}
)
