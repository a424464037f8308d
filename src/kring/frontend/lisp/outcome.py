"""What a form brings to where its paths meet, if anybody asks for it.

A form whose value is not asked for builds no paths' values to meet: its rule has two ways to build
it, made of one function that is told which is wanted.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.builder import Join
from kring.frontend.lisp.expressions import body, effects, give, taken
from kring.frontend.lisp.forms import Operand, show
from kring.frontend.lisp.scope import Rule, Scope
from kring.ir.core import Value

Wanted = bool
"""Whether the value of a form is asked for."""


def either(usage: str, build: Callable[[Scope, list[Operand], Wanted], Value]) -> Rule:
    """The rule of a form that takes less where its value is not wanted."""
    return Rule(
        usage,
        lambda s, args: build(s, args, True),
        effect=lambda s, args: build(s, args, False),
    )


def last(s: Scope, forms: list[Operand], wanted: Wanted) -> Value:
    """The value of the last of some forms; just 0 if it is not wanted."""
    if wanted:
        return body(s, forms)
    effects(s, forms)
    return s.b.const(0)


def meet(
    s: Scope, wanted: Wanted, result: Value, after: Join, way: Callable[[], str] | None = None
) -> None:
    """End a path where others of the form end too; `way` says which one it is."""
    if wanted:
        give(s, result, after, way)
    else:
        s.b.jump(after, way)


def way(test: Operand, holds: bool) -> Callable[[], str]:
    return lambda: (
        f"where `{show(test.form)}` {'holds' if holds else 'does not hold'} (line {test.span.line})"
    )


def met(s: Scope, wanted: Wanted, after: Join) -> Value:
    if wanted:
        return taken(s, after)
    s.b.enter(after)
    return s.b.const(0)
