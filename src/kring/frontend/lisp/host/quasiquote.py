"""Templates: what `` `(a ,b ,@c) `` is worth.

What is written in the template keeps the place it has there, and what is filled in keeps its own.
"""

from __future__ import annotations

from typing import Any

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.data import Datum, Env, Failure, brief
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.special import operands_of
from kring.ir.core import Span

_CELL: Any = Cell
"""For comparisons of classes, of which no type checker concludes anything."""


def _quasiquote(machine: Machine, form: Cell, env: Env) -> Datum:
    (template,) = operands_of(form, 1, 1, "form")
    return _filled(machine, template.car, env, 1)


def _filled(machine: Machine, form: Datum, env: Env, depth: int) -> Datum:
    """The form with the operands of its commas evaluated that are `depth` templates deep."""
    if form.__class__ is not _CELL:
        return form
    name = _mark(form)
    if name == "unquote" and depth == 1:
        return machine.value(form.cdr, env)
    if name == "unquote-splicing" and depth == 1:
        raise Failure("here is no list to splice into", "write `,` in place of `,@`")
    if name:
        inner = depth + 1 if name == "quasiquote" else depth - 1
        rest = _filled_list(machine, form.cdr, env, inner, None)
        return Cell(form.car, rest, form.at, form.span)
    return _filled_list(machine, form, env, depth, form.span)


def _filled_list(machine: Machine, form: Datum, env: Env, depth: int, span: Span | None) -> Datum:
    """The elements of a list, filled in; a mark behind the dot is one too: `(a . ,b)`."""
    parts: list[tuple[Datum, Span | None, bool]] = []
    rest: Datum = form
    while rest.__class__ is _CELL and (rest is form or not _mark(rest)):
        element = rest.car
        splices = depth == 1 and _mark(element) == "unquote-splicing"
        if splices:
            parts.append((machine.value(element.cdr, env), rest.at, True))
        else:
            value = _filled(machine, element, env, depth)
            parts.append((value, _place(element, value, rest.at, env), False))
        rest = rest.cdr
    made = _filled(machine, rest, env, depth)
    machine.spend(len(parts))
    for at in range(len(parts) - 1, -1, -1):
        value, place, splices = parts[at]
        if splices:
            made = _spliced(machine, value, made)
        else:
            made = Cell(value, made, place)
    if span is not None and made.__class__ is _CELL and made.span is not span:
        made = Cell(made.car, made.cdr, made.at, span)
    return made


def _mark(form: Datum) -> str:
    """Which mark a list of two is, as the reader makes it of a comma or a backquote."""
    if form.__class__ is _CELL and form.car.__class__ is Symbol and form.cdr.__class__ is _CELL:
        name: str = form.car.name
        if name in ("unquote", "unquote-splicing", "quasiquote") and form.cdr.cdr is None:
            return name
    return ""


def _place(element: Datum, value: Datum, at: Span | None, env: Env) -> Span | None:
    """Where the value stands: that of a macro's operand where its user wrote it."""
    if element.__class__ is not _CELL:
        return at
    if value.__class__ is _CELL:
        return value.span or at
    if _mark(element) == "unquote" and element.cdr.car.__class__ is Symbol:
        return env.place(element.cdr.car) or at
    return at


def _spliced(machine: Machine, values: Datum, rest: Datum) -> Datum:
    """The elements of a list before a rest."""
    if rest is None:
        return values
    cells: list[Cell] = []
    while isinstance(values, Cell):
        cells.append(values)
        values = values.cdr
    if values is not None:
        raise Failure(f"{brief(values)} is spliced in, and is no list")
    machine.spend(len(cells))
    for cell in reversed(cells):
        rest = Cell(cell.car, rest, cell.at)
    return rest


SPECIAL["quasiquote"] = _quasiquote
