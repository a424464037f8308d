"""`setf` and its kin: variables, entries of tables and property lists get new values."""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Cell, Symbol, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Env,
    Failure,
    an_integer,
    brief,
    checked,
    items,
    make_list,
    miscounted,
)
from kring.frontend.lisp.host.definitions import define
from kring.frontend.lisp.host.lists import car, cdr, getf, keyed, same
from kring.frontend.lisp.host.machine import SPECIAL, Machine
from kring.frontend.lisp.host.special import eql, operands_of
from kring.record import record


@record
class Place:
    """What `setf` may write, its operands evaluated."""

    read: Callable[[], Datum]
    write: Callable[[Datum], None]


def place(machine: Machine, cell: Cell, env: Env) -> Place:
    """The place that the element of a list names."""
    form = cell.car
    if isinstance(form, Symbol):
        return _variable(machine, form, env, cell)
    if isinstance(form, Cell) and isinstance(form.car, Symbol):
        name = form.car.name
        if name in _PLACES:
            return _PLACES[name](machine, form, env)
        macro = env.functions.get(form.car) or machine.defined(name)
        if macro is not None and macro.expand is not None:
            return place(machine, Cell(macro.expand(form), None, cell.at), env)
    raise Failure(
        f"{brief(form)} is nothing that can be set",
        "lists do not change once they are made: build a new one and setf the variable"
        if isinstance(form, Cell)
        else "a variable can be, or `(gethash key table)`",
        span=cell.at,
    )


def _variable(machine: Machine, name: Symbol, env: Env, cell: Cell) -> Place:
    def write(value: Datum) -> None:
        holder = env.holder(name)
        if holder is not None:
            holder.variables[name] = value
        elif name.name == "t" or name.name.startswith(":"):
            raise Failure(f"{name} means itself and cannot be set", span=cell.at)
        else:
            define(machine, name, value)

    return Place(lambda: machine.variable(name, env, cell.at), write)


def _getf(machine: Machine, form: Cell, env: Env) -> Place:
    """An entry of a property list, itself in a place."""
    owner, key, *default = operands_of(form, 2, 3, "place name [default]")
    inner = place(machine, owner, env)
    name = machine.value(key, env)
    otherwise = machine.value(default[0], env) if default else None

    def write(value: Datum) -> None:
        pairs = items(machine, inner.read())
        at = next((i for i in range(0, len(pairs) - 1, 2) if eql(pairs[i], name)), None)
        if at is None:
            pairs[:0] = [name, value]
        else:
            pairs[at + 1] = value
        inner.write(make_list(machine, pairs))

    return Place(lambda: getf(machine, inner.read(), name, otherwise), write)


def _gethash(machine: Machine, form: Cell, env: Env) -> Place:
    from kring.frontend.lisp.host.tables import a_table

    key, table, *default = operands_of(form, 2, 3, "key table [default]")
    name, owner = machine.value(key, env), a_table(machine.value(table, env))
    otherwise = machine.value(default[0], env) if default else None
    return Place(
        lambda: owner.get(machine, name, otherwise)[0],
        lambda value: owner.put(machine, name, value),
    )


def _symbol_value(machine: Machine, form: Cell, env: Env) -> Place:
    cell = operands_of(form, 1, 1, "symbol")[0]
    name = machine.value(cell, env)
    if not isinstance(name, Symbol):
        raise Failure(f"{brief(name)} is no symbol", span=cell.at)
    return _variable(machine, name, machine.top, cell)


def _get(machine: Machine, form: Cell, env: Env) -> Place:
    owner, key = operands_of(form, 2, 2, "symbol name")
    who, name = machine.value(owner, env), machine.value(key, env)
    entry = who, name
    return Place(
        lambda: machine.properties.get(entry),
        lambda value: machine.properties.update({entry: value}),
    )


_PLACES: dict[str, Callable[[Machine, Cell, Env], Place]] = {
    "getf": _getf,
    "gethash": _gethash,
    "symbol-value": _symbol_value,
    "get": _get,
}


# Forms that set


def _pairs(form: Cell) -> list[tuple[Cell, Cell]]:
    cells = operands_of(form, 0, None, "place value…")
    if len(cells) % 2:
        raise Failure(
            f"{brief(cells[-1].car)} gets no value",
            f"write `({form.car} place value …)`",
            span=cells[-1].at,
        )
    return list(zip(cells[::2], cells[1::2], strict=True))


def _setf(machine: Machine, form: Cell, env: Env) -> Datum:
    found: Datum = None
    for target, value in _pairs(form):
        where = place(machine, target, env)
        found = machine.value(value, env)
        where.write(found)
    return found


def _psetf(machine: Machine, form: Cell, env: Env) -> Datum:
    writes = [
        (place(machine, target, env), machine.value(value, env)) for target, value in _pairs(form)
    ]
    for where, value in writes:
        where.write(value)
    return None


def _step(sign: int) -> Callable[[Machine, Cell, Env], Datum]:
    def change(machine: Machine, form: Cell, env: Env) -> Datum:
        target, *by = operands_of(form, 1, 2, "place [n]")
        where = place(machine, target, env)
        amount = an_integer(machine.value(by[0], env)) if by else 1
        value = checked(an_integer(where.read()) + sign * amount)
        where.write(value)
        return value

    return change


def _push(machine: Machine, form: Cell, env: Env) -> Datum:
    value, target = operands_of(form, 2, 2, "value place")
    element = machine.value(value, env)
    where = place(machine, target, env)
    made = Cell(element, where.read())
    where.write(made)
    return made


def _pushnew(machine: Machine, form: Cell, env: Env) -> Datum:
    value, target, *options = operands_of(form, 2, 8, "value place [:key] [:test]")
    element = machine.value(value, env)
    where = place(machine, target, env)
    names = [f"{option.car}"[1:].replace("-", "_") for option in options[::2]]
    if len(options) % 2 or not set(names) <= {"key", "test", "test_not"}:
        raise miscounted("pushnew", 2 + len(options), "value place [:key] [:test]")
    given = dict(zip(names, [machine.value(one, env) for one in options[1::2]], strict=True))
    part = keyed(machine, given.pop("key", None))
    compare = same(machine, **given)
    before = where.read()
    if not any(compare(part(element), part(one)) for one in items(machine, before)):
        before = Cell(element, before)
        where.write(before)
    return before


def _pop(machine: Machine, form: Cell, env: Env) -> Datum:
    (target,) = operands_of(form, 1, 1, "place")
    where = place(machine, target, env)
    before = where.read()
    where.write(cdr(machine, before))
    return car(machine, before)


def _rotate(machine: Machine, form: Cell, env: Env) -> Datum:
    places = [place(machine, cell, env) for cell in operands_of(form, 0, None, "place…")]
    values = [where.read() for where in places]
    for where, value in zip(places, values[1:] + values[:1], strict=True):
        where.write(value)
    return None


def _remf(machine: Machine, form: Cell, env: Env) -> Datum:
    target, key = operands_of(form, 2, 2, "place name")
    where, name = place(machine, target, env), machine.value(key, env)
    pairs = items(machine, where.read())
    at = next((i for i in range(0, len(pairs) - 1, 2) if eql(pairs[i], name)), None)
    if at is None:
        return None
    where.write(make_list(machine, pairs[:at] + pairs[at + 2 :]))
    return symbol("t")


def _set_values(machine: Machine, form: Cell, env: Env) -> Datum:
    names, cell = operands_of(form, 2, 2, "(name…) values")
    machine.values = None
    first = machine.value(cell, env)
    several = machine.values or (first,)
    for at, name in enumerate(items(machine, names.car)):
        value = several[at] if at < len(several) else None
        place(machine, Cell(name, None, names.at), env).write(value)
    machine.values = None
    return first


SPECIAL.update(
    {
        "setf": _setf,
        "setq": _setf,
        "psetf": _psetf,
        "psetq": _psetf,
        "incf": _step(1),
        "decf": _step(-1),
        "push": _push,
        "pushnew": _pushnew,
        "pop": _pop,
        "rotatef": _rotate,
        "remf": _remf,
        "multiple-value-setq": _set_values,
    }
)
