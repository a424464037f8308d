"""Functions and macros that a file makes, with what is around them, by `lambda` or for one form."""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Cell, Form, listed, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Env,
    Failure,
    Function,
    a_symbol,
    brief,
)
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.patterns import Lambda, bind, parse
from kring.frontend.lisp.host.special import in_block, operands_of, skip_declarations
from kring.ir.core import Span


def _function(machine: Machine, form: Cell, env: Env) -> Datum:
    named = operands_of(form, 1, 1, "name")[0]
    if isinstance(named.car, Cell):
        return machine.anonymous(named.car, env)
    return machine.function(a_symbol(named.car, "the name of a function"), env)


def _lambda(machine: Machine, form: Cell, env: Env) -> Datum:
    head = operands_of(form, 1, None, "(name…) form…")[0]
    return closure(machine, "lambda", head, env, form.span)


_MADE = 10
"""Steps that a function takes to be made: it keeps what is around it."""


def closure(
    machine: Machine, name: str, head: Cell, env: Env, span: Span | None, block: bool = False
) -> Function:
    """A function that binds its operands as the lambda list says, and evaluates the rest of the
    list that this begins; `block` if that is in a block of its name."""
    machine.spend(_MADE)
    pattern = parse(head.car, False)
    forms = _documented(head.cdr)
    names = pattern.required if pattern.plain() else None

    def call(args: list[Datum]) -> Datum:
        machine.spend(1)
        depth = machine.enter(name)
        new = Env(env)
        if names is not None and len(names) == len(args):
            new.variables.update(zip(names, args, strict=True))  # type: ignore[arg-type]
        else:
            bind(machine, pattern, listed(args), new, name, None)
        if block:
            found = in_block(machine, symbol(name), new, lambda env: machine.body(forms, env))
        else:
            found = machine.body(forms, new)
        machine.depth = depth
        return found

    return Function(name, call, None, span)


def macro(machine: Machine, name: str, head: Cell, env: Env, span: Span | None) -> Function:
    """A macro: its operands are forms, and so is what it gives."""
    pattern: Lambda = parse(head.car, True)
    forms = _documented(head.cdr)

    def expand(form: Cell) -> Datum:
        machine.spend(1)
        depth = machine.enter(name)
        new = Env(env)
        bind(machine, pattern, form.cdr, new, name, form)
        found = in_block(machine, symbol(name), new, lambda env: machine.body(forms, env))
        machine.depth = depth
        return found

    def call(args: list[Datum]) -> Datum:
        raise Failure(f"{name} is a macro, not a function", "write a lambda that uses it")

    return Function(name, call, expand, span)


def _documented(forms: Form) -> Form:
    """The forms of a body behind what describes it and its declarations."""
    forms = skip_declarations(forms)
    if isinstance(forms, Cell) and isinstance(forms.car, str) and forms.cdr is not None:
        forms = skip_declarations(forms.cdr)
    return forms


def _flet(machine: Machine, form: Cell, env: Env) -> Datum:
    return _local(machine, form, env, Env(env), closure_named)


def _labels(machine: Machine, form: Cell, env: Env) -> Datum:
    new = Env(env)
    return _local(machine, form, new, new, closure_named)


def _macrolet(machine: Machine, form: Cell, env: Env) -> Datum:
    return _local(machine, form, env, Env(env), macro)


def closure_named(machine: Machine, name: str, head: Cell, env: Env, span: Span | None) -> Function:
    """A function whose body is in a block of its name."""
    return closure(machine, name, head, env, span, block=True)


def _local(
    machine: Machine,
    form: Cell,
    env: Env,
    new: Env,
    make: Callable[[Machine, str, Cell, Env, Span | None], Function],
) -> Datum:
    head = operands_of(form, 1, None, "((name (operand…) form…)…) form…")[0]
    new.functions = dict(env.functions)
    rest = head.car
    while isinstance(rest, Cell):
        definition = rest.car
        if not (isinstance(definition, Cell) and isinstance(definition.cdr, Cell)):
            wanted = "write `(name (operand…) form…)`"
            raise Failure(f"{brief(definition)} defines nothing", wanted, span=rest.at)
        name = a_symbol(definition.car, "the name of a function")
        new.functions[name] = make(machine, name.name, definition.cdr, env, definition.span)
        rest = rest.cdr
    return machine.body(skip_declarations(head.cdr), new)


SPECIAL.update(
    {
        "function": _function,
        "lambda": _lambda,
        "flet": _flet,
        "labels": _labels,
        "macrolet": _macrolet,
    }
)
