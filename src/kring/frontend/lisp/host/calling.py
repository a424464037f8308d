"""Functions that call others, over the elements of lists or once, or that make some."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell
from kring.frontend.lisp.host.data import Datum, Function, items, make_list, truth
from kring.frontend.lisp.host.lists import append
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row


def _columns(machine: Machine, lists: tuple[Datum, ...]) -> list[tuple[Datum, ...]]:
    return list(zip(*(items(machine, one) for one in lists), strict=False))


def _mapcar(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    called = machine.function(function).call
    machine.spend(1)
    return make_list(machine, [called(list(row)) for row in _columns(machine, lists)])


def _mapc(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    _mapcar(machine, function, *lists)
    return lists[0]


def _mapcan(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    return append(machine, *items(machine, _mapcar(machine, function, *lists)))


def _tails(machine: Machine, function: Datum, lists: tuple[Datum, ...]) -> list[Datum]:
    called, found = machine.function(function).call, list[Datum]()
    rows = list(lists)
    while all(isinstance(row, Cell) for row in rows):
        machine.spend(1)
        found.append(called(list(rows)))
        rows = [row.cdr for row in rows]
    return found


def _maplist(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    return make_list(machine, _tails(machine, function, lists))


def _mapl(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    _tails(machine, function, lists)
    return lists[0]


def _mapcon(machine: Machine, function: Datum, *lists: Datum) -> Datum:
    return append(machine, *_tails(machine, function, lists))


def _funcall(machine: Machine, function: Datum, *args: Datum) -> Datum:
    return machine.apply(function, *args)


def _apply(machine: Machine, function: Datum, *args: Datum) -> Datum:
    return machine.apply(function, *args[:-1], *items(machine, args[-1]))


def _values(machine: Machine, *values: Datum) -> Datum:
    machine.values = values
    return values[0] if values else None


def _values_list(machine: Machine, value: Datum) -> Datum:
    return _values(machine, *items(machine, value))


def _identity(machine: Machine, value: Datum) -> Datum:
    return value


def _constantly(machine: Machine, value: Datum) -> Datum:
    return Function("constantly", lambda _: value)


def _complement(machine: Machine, function: Datum) -> Datum:
    called = machine.function(function).call
    return Function("complement", lambda args: truth(called(args) is None))


FUNCTIONS.update(
    {
        "mapcar": Row("function list list…", _mapcar),
        "mapc": Row("function list list…", _mapc),
        "mapcan": Row("function list list…", _mapcan),
        "maplist": Row("function list list…", _maplist),
        "mapl": Row("function list list…", _mapl),
        "mapcon": Row("function list list…", _mapcon),
        "funcall": Row("function value…", _funcall),
        "apply": Row("function value… list", _apply),
        "values": Row("value…", _values),
        "values-list": Row("list", _values_list),
        "identity": Row("value", _identity),
        "constantly": Row("value", _constantly),
        "complement": Row("function", _complement),
    }
)
