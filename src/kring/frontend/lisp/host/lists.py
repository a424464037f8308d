"""Functions of lists. No list changes: each that would be changed elsewhere is made anew here."""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Cell
from kring.frontend.lisp.host.data import Datum, Failure, an_integer, brief, items, make_list, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row
from kring.frontend.lisp.host.special import eql


def car(machine: Machine, value: Datum) -> Datum:
    if value.__class__ is Cell:
        return value.car
    if value is None:
        return None
    raise Failure(f"{brief(value)} is not a list")


def cdr(machine: Machine, value: Datum) -> Datum:
    if value.__class__ is Cell:
        return value.cdr
    if value is None:
        return None
    raise Failure(f"{brief(value)} is not a list")


def nthcdr(machine: Machine, count: Datum, value: Datum) -> Datum:
    for _ in range(_count(count)):
        if value is None:
            return None
        machine.spend(1)
        value = cdr(machine, value)
    return value


def _count(value: Datum) -> int:
    number = an_integer(value)
    if number < 0:
        raise Failure(f"{number} is no number of elements")
    return number


def _nth(machine: Machine, at: Datum, value: Datum) -> Datum:
    return car(machine, nthcdr(machine, at, value))


def _position(at: int) -> Row:
    def call(machine: Machine, value: Datum) -> Datum:
        return _nth(machine, at, value)

    return Row("list", call)


def _cons(machine: Machine, one: Datum, other: Datum) -> Datum:
    return Cell(one, other)


def _list(machine: Machine, *values: Datum) -> Datum:
    return make_list(machine, values)


def _list_star(machine: Machine, *values: Datum) -> Datum:
    return make_list(machine, values[:-1], values[-1])


def append(machine: Machine, *lists: Datum) -> Datum:
    """The elements of all of some lists, which keep their places."""
    if not lists:
        return None
    made = lists[-1]
    for value in reversed(lists[:-1]):
        cells: list[Cell] = []
        rest = value
        while isinstance(rest, Cell):
            cells.append(rest)
            rest = rest.cdr
        if rest is not None:
            raise Failure(f"{brief(value)} is not a list")
        machine.spend(len(cells))
        for cell in reversed(cells):
            made = Cell(cell.car, made, cell.at)
    return made


def revappend(machine: Machine, value: Datum, tail: Datum) -> Datum:
    made = tail
    for cell in cells(machine, value):
        made = Cell(cell.car, made, cell.at)
    return made


def cells(machine: Machine, value: Datum) -> list[Cell]:
    """The cells of a proper list."""
    found: list[Cell] = []
    rest = value
    while isinstance(rest, Cell):
        found.append(rest)
        rest = rest.cdr
    if rest is not None:
        raise Failure(f"{brief(value)} is not a list")
    machine.spend(len(found))
    return found


def _last(machine: Machine, value: Datum, count: Datum = 1) -> Datum:
    found: list[Datum] = [value]
    while isinstance(found[-1], Cell):
        found.append(found[-1].cdr)
    machine.spend(len(found))
    return found[max(len(found) - 1 - _count(count), 0)]


def _butlast(machine: Machine, value: Datum, count: Datum = 1) -> Datum:
    found = cells(machine, value)
    kept = found[: max(len(found) - _count(count), 0)]
    made: Datum = None
    for cell in reversed(kept):
        made = Cell(cell.car, made, cell.at)
    return made


def _make_list(machine: Machine, size: Datum, initial_element: Datum = None) -> Datum:
    machine.spend(_count(size))
    return make_list(machine, [initial_element] * size)


def same(
    machine: Machine, test: Datum = None, test_not: Datum = None
) -> Callable[[Datum, Datum], bool]:
    """How two values are compared: as `:test` says, else by `eql`."""
    if test is None and test_not is None:
        return eql
    function = machine.function(test if test_not is None else test_not)
    wanted = test_not is None

    def compare(one: Datum, other: Datum) -> bool:
        machine.spend(1)
        return (function.call([one, other]) is not None) is wanted

    return compare


def keyed(machine: Machine, key: Datum) -> Callable[[Datum], Datum]:
    """What of an element is compared: what the function `:key` gives, else all of it."""
    if key is None:
        return lambda value: value
    return lambda value: machine.apply(key, value)


def _member(
    machine: Machine, item: Datum, value: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    compare, part = same(machine, **test), keyed(machine, key)
    return next((c for c in cells(machine, value) if compare(item, part(c.car))), None)


def _assoc(
    machine: Machine, item: Datum, value: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    return _pair(machine, item, value, car, key, test)


def _rassoc(
    machine: Machine, item: Datum, value: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    return _pair(machine, item, value, cdr, key, test)


def _pair(
    machine: Machine,
    item: Datum,
    value: Datum,
    side: Callable[[Machine, Datum], Datum],
    key: Datum,
    test: dict[str, Datum],
) -> Datum:
    compare, part = same(machine, **test), keyed(machine, key)
    pairs = (pair for pair in items(machine, value) if pair is not None)
    return next((pair for pair in pairs if compare(item, part(side(machine, pair)))), None)


def getf(machine: Machine, value: Datum, name: Datum, default: Datum = None) -> Datum:
    found = items(machine, value)
    for at in range(0, len(found) - 1, 2):
        if eql(found[at], name):
            return found[at + 1]
    return default


def _adjoin(
    machine: Machine, item: Datum, value: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    part = keyed(machine, key)
    found = _member(machine, part(item), value, key=key, **test)
    return Cell(item, value) if found is None else value


def _union(
    machine: Machine, one: Datum, other: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    missing = _split(machine, one, other, key, test, False)
    return make_list(machine, missing, other)


def _intersection(
    machine: Machine, one: Datum, other: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    return make_list(machine, _split(machine, one, other, key, test, True))


def _difference(
    machine: Machine, one: Datum, other: Datum, *, key: Datum = None, **test: Datum
) -> Datum:
    return make_list(machine, _split(machine, one, other, key, test, False))


def _split(
    machine: Machine, one: Datum, other: Datum, key: Datum, test: dict[str, Datum], inside: bool
) -> list[Datum]:
    """The elements of one list that are in the other, or those that are not."""
    part = keyed(machine, key)
    return [
        value
        for value in items(machine, one)
        if (_member(machine, part(value), other, key=key, **test) is not None) is inside
    ]


def _acons(machine: Machine, key: Datum, value: Datum, pairs: Datum) -> Datum:
    return Cell(Cell(key, value), pairs)


def _pairlis(machine: Machine, keys: Datum, values: Datum, pairs: Datum = None) -> Datum:
    both = zip(items(machine, keys), items(machine, values), strict=False)
    return make_list(machine, [Cell(key, value) for key, value in both], pairs)


def _copy_list(machine: Machine, value: Datum) -> Datum:
    return append(machine, value, None)


def _same_list(machine: Machine, value: Datum) -> Datum:
    """`copy-tree`: no list changes, so that the same one does."""
    return value


def _tailp(machine: Machine, tail: Datum, value: Datum) -> Datum:
    while isinstance(value, Cell) and value is not tail:
        value = value.cdr
    return truth(value is tail or eql(value, tail))


_TEST = "key test test-not"
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip

FUNCTIONS.update(
    {
        "car": Row("list", car),
        "cdr": Row("list", cdr),
        "rest": Row("list", cdr),
        "cons": Row("first rest", _cons),
        "list": Row("value…", _list),
        "list*": Row("value value…", _list_star),
        "make-list": Row("size", _make_list, "initial-element"),
        "append": Row("list…", append),
        "nconc": Row("list…", append),
        "revappend": Row("list tail", revappend),
        "nreconc": Row("list tail", revappend),
        "nth": Row("n list", _nth),
        "nthcdr": Row("n list", nthcdr),
        "last": Row("list [n]", _last),
        "butlast": Row("list [n]", _butlast),
        "nbutlast": Row("list [n]", _butlast),
        "copy-list": Row("list", _copy_list),
        "copy-tree": Row("list", _same_list),
        "copy-alist": Row("list", _same_list),
        "tailp": Row("tail list", _tailp),
        "member": Row("item list", _member, _TEST),
        "assoc": Row("item list", _assoc, _TEST),
        "rassoc": Row("item list", _rassoc, _TEST),
        "getf": Row("list name [default]", getf),
        "adjoin": Row("item list", _adjoin, _TEST),
        "union": Row("list list", _union, _TEST),
        "intersection": Row("list list", _intersection, _TEST),
        "set-difference": Row("list list", _difference, _TEST),
        "acons": Row("key value list", _acons),
        "pairlis": Row("keys values [list]", _pairlis),
        **{name: _position(at) for at, name in enumerate(_ORDINALS)},
    }
)
