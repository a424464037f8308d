"""Forms that bind variables, and that change places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kring.frontend.diagnose import refuse
from kring.frontend.lisp.arithmetic import add, subtract
from kring.frontend.lisp.constants import SIZES
from kring.frontend.lisp.expressions import FORMS, branch, optional, place, type_name, value
from kring.frontend.lisp.forms import Cell, Operand, Symbol, head, operands, show
from kring.frontend.lisp.inference import type_of
from kring.frontend.lisp.outcome import Wanted, either, last, meet, met
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.variables import bind, hide
from kring.ir.core import Op, Span, Value


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


def _is(arg: Operand, *names: str) -> bool:
    return isinstance(arg.form, Symbol) and arg.form.name in names


def _declared(forms: list[Operand]) -> tuple[dict[Symbol, str], list[Operand]]:
    """The types that a body begins by declaring, and the rest of it."""
    found: dict[Symbol, str] = {}
    while forms and head(forms[0].form) == "declare":
        for spec in operands(forms[0].form, forms[0].span)[1:]:
            words = operands(spec.form, spec.span)
            if words and _is(words[0], "type") and len(words) > 1:
                words = words[1:]
            elif not words or not _is(words[0], *SIZES):
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
    result = last(s, forms, wanted)
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
    meet(s, wanted, last(s, args[1:], wanted), after)
    b.enter(skips)
    meet(s, wanted, b.const(0), after)
    hide(s, before)
    return met(s, wanted, after)


def _if_let(s: Scope, args: list[Operand], wanted: Wanted) -> Value:
    b = s.b
    name, kind, init = _binding(args[0])
    before = dict(s.names)
    found = _begin(s, kind, init)
    _bind(s, name, kind or type_of(s, init), found)
    then, otherwise, after = b.join(), b.join(), b.join()
    branch(s, found, then, otherwise)
    b.enter(then)
    meet(s, wanted, last(s, args[1:2], wanted), after)
    b.enter(otherwise)
    meet(s, wanted, last(s, args[2:], wanted), after)
    hide(s, before)
    return met(s, wanted, after)


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


def _step(
    s: Scope, args: list[Operand], step: Callable[[Scope, Value, Value, Span], Value]
) -> Value:
    into, span = place(s, args[0]), args[0].span
    s.b.span = span
    if step is add and into.add is not None:
        return into.add(optional(s, args[1:], 1))
    before = into.read()
    result = step(s, before, optional(s, args[1:], 1), span)
    into.write(result)
    return result


FORMS.update(
    {
        "let": either("((variable [type] value)…) [form…]", _let),
        "let*": either("((variable [type] value)…) [form…]", partial(_let, one_by_one=True)),
        "when-let": either("((variable [type] value)…) [form…]", _when_let),
        "if-let": either("(variable [type] value) then [else]", _if_let),
        "setf": Rule("[place value…]", _setf),
        "incf": Rule("place [n]", partial(_step, step=add)),
        "decf": Rule("place [n]", partial(_step, step=subtract)),
    }
)
