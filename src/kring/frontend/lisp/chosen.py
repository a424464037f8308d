"""Definitions that a file makes only if something holds.

    (if (probe-file "/sys/kernel/tracing/events/sched/sched_wakeup/format") (eval '(…)) …)
    (handler-case (deftracepoint …) (error () (defmacro …)))

A file of tracefs is there if the running system, where it may be asked, has the tracepoint; no
other file is. What a condition is besides, the host evaluates.
"""

from __future__ import annotations

from functools import partial

from kring.errors import CompileError, LoadError
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.forms import Cell, Form, Operand, head, operands, show
from kring.frontend.lisp.toplevel import TOPLEVEL, define
from kring.frontend.lisp.unit import Unit
from kring.ir.core import Span


def _each(unit: Unit, forms: list[Operand]) -> None:
    for form in forms:
        if isinstance(form.form, Cell):
            define(unit, form)


def _holds(unit: Unit, arg: Operand) -> bool:
    args = operands(arg.form.cdr, arg.span) if isinstance(arg.form, Cell) else []
    match head(arg.form):
        case "probe-file" if len(args) == 1:
            return _is_there(unit, args[0].form)
        case "not" if len(args) == 1:
            return not _holds(unit, args[0])
        case "and":
            return all(_holds(unit, one) for one in args)
        case "or":
            return any(_holds(unit, one) for one in args)
        case _:
            return unit.host.evaluate(arg.form, arg.span) is not None


def _is_there(unit: Unit, path: Form) -> bool:
    """Whether the path is that of a file of tracefs, `…/events/sched/sched_wakeup/format`, which
    the running system has."""
    match str(path).split("/"):
        case [*_, "events", category, event, "format" | "id"] if unit.facts is not None:
            try:
                return bool(unit.facts.tracepoint(f"{category}:{event}"))
            except LoadError:
                return False
        case _:
            return False


def _if(unit: Unit, args: list[Operand], span: Span) -> None:
    _each(unit, args[1:2] if _holds(unit, args[0]) else args[2:])


def _when(unless: bool, unit: Unit, args: list[Operand], span: Span) -> None:
    if _holds(unit, args[0]) is not unless:
        _each(unit, args[1:])


def _handler_case(unit: Unit, args: list[Operand], span: Span) -> None:
    """The form, or where it is in error what the first handler does."""
    try:
        _each(unit, args[:1])
    except CompileError:
        for handler in args[1:2]:
            _each(unit, operands(handler.form, handler.span)[2:])


def _eval(unit: Unit, args: list[Operand], span: Span) -> None:
    """What a form gives, as one of the file's."""
    quoted = head(args[0].form) == "quote"
    form = operands(args[0].form, args[0].span)[1].form if quoted else None
    made = form if quoted else unit.host.evaluate(args[0].form, args[0].span)
    if not isinstance(made, Cell):
        refuse(args[0].span, f"{show(made)} defines nothing")
    define(unit, Operand(made, made.span or args[0].span))


TOPLEVEL.update(
    {
        "if": ("test then [else]", _if),
        "when": ("test [form…]", partial(_when, False)),
        "unless": ("test [form…]", partial(_when, True)),
        "handler-case": ("form [(error ([e]) form…)…]", _handler_case),
        "ignore-errors": ("form", _handler_case),
        "eval": ("form", _eval),
    }
)
