"""`dolist`, `dotimes`, `do` and their kin. `loop` is in a module of its own."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.data import Datum, Env, Failure, a_symbol, an_integer, brief, items
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.special import in_block, operands_of, skip_declarations


def _dolist(machine: Machine, form: Cell, env: Env) -> Datum:
    name, source, result, body = _head(form, "(name list [result]) form…")

    def run(outer: Env) -> Datum:
        for value in items(machine, machine.value(source, outer)):
            machine.spend(1)
            machine.body(body, Env(outer, {name: value}))
        return machine.value(result, Env(outer, {name: None})) if result else None

    return in_block(machine, None, env, run)


def _dotimes(machine: Machine, form: Cell, env: Env) -> Datum:
    name, source, result, body = _head(form, "(name count [result]) form…")

    def run(outer: Env) -> Datum:
        count = an_integer(machine.value(source, outer))
        for number in range(count):
            machine.spend(1)
            machine.body(body, Env(outer, {name: number}))
        return machine.value(result, Env(outer, {name: max(count, 0)})) if result else None

    return in_block(machine, None, env, run)


def _head(form: Cell, usage: str) -> tuple[Symbol, Cell, Cell | None, Datum]:
    """The name that a loop binds, where its values come from, its result, and its body."""
    head = operands_of(form, 1, None, usage)[0]
    parts = head.car
    if not (isinstance(parts, Cell) and isinstance(parts.cdr, Cell)):
        raise Failure(
            f"{brief(parts)} binds nothing", f"write `({form.car} {usage})`", span=head.at
        )
    result = parts.cdr.cdr if isinstance(parts.cdr.cdr, Cell) else None
    name = a_symbol(parts.car, "a name to bind")
    return name, parts.cdr, result, skip_declarations(head.cdr)


def _do(machine: Machine, form: Cell, env: Env) -> Datum:
    return _stepping(machine, form, env, at_once=True)


def _do_star(machine: Machine, form: Cell, env: Env) -> Datum:
    return _stepping(machine, form, env, at_once=False)


def _stepping(machine: Machine, form: Cell, env: Env, at_once: bool) -> Datum:
    """`do`: names that get new values for each turn, all at once or one after the other."""
    usage = "((name [first [next]])…) (end result…) form…"
    names, ending = operands_of(form, 2, None, usage)[:2]
    if not isinstance(ending.car, Cell):
        raise Failure(f"{brief(ending.car)} is no end", "write `(test result…)`", span=ending.at)
    end = ending.car
    steps = [_step(cell) for cell in _cells(names.car)]

    def run(outer: Env) -> Datum:
        inner = Env(outer)
        for name, first, _ in steps:
            value = machine.value(first, outer if at_once else inner) if first else None
            inner.variables[name] = value
        while machine.value(end, inner) is None:
            machine.spend(1)
            machine.body(skip_declarations(ending.cdr), inner)
            fresh = Env(outer, dict(inner.variables))
            for name, _, following in steps:
                if following is not None:
                    value = machine.value(following, inner if at_once else fresh)
                    fresh.variables[name] = value
            inner = fresh
        return machine.body(end.cdr, inner)

    return in_block(machine, None, env, run)


def _cells(form: Datum) -> list[Cell]:
    found: list[Cell] = []
    while isinstance(form, Cell):
        found.append(form)
        form = form.cdr
    return found


def _step(cell: Cell) -> tuple[Symbol, Cell | None, Cell | None]:
    """A name with its first value and the one of each following turn."""
    if isinstance(cell.car, Symbol):
        return cell.car, None, None
    if isinstance(cell.car, Cell) and isinstance(cell.car.car, Symbol):
        first = cell.car.cdr if isinstance(cell.car.cdr, Cell) else None
        following = first.cdr if first and isinstance(first.cdr, Cell) else None
        return cell.car.car, first, following
    raise Failure(f"{brief(cell.car)} binds nothing", "write `(name first next)`", span=cell.at)


SPECIAL.update({"dolist": _dolist, "dotimes": _dotimes, "do": _do, "do*": _do_star})
