"""Functions of lists. No list changes: each that would be changed elsewhere is made anew here."""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.machine import (
    FUNCTIONS,
    Datum,
    Failure,
    Machine,
    Row,
    an_integer,
    brief,
    items,
    make_list,
    truth,
)
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


# Functions over the elements


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


# Questions


def _eq(machine: Machine, one: Datum, other: Datum) -> Datum:
    return truth(eql(one, other))


def _equal(machine: Machine, one: Datum, other: Datum) -> Datum:
    return truth(equal(machine, one, other))


def equal(machine: Machine, one: Datum, other: Datum, fold: bool = False) -> bool:
    """Whether two values are written alike; `fold` if case says nothing."""
    while isinstance(one, Cell) and isinstance(other, Cell):
        machine.spend(1)
        if one is other:
            return True
        if not equal(machine, one.car, other.car, fold):
            return False
        one, other = one.cdr, other.cdr
    if isinstance(one, str) and one.__class__ is other.__class__:
        return one.lower() == other.lower() if fold else one == other
    return eql(one, other)


def _equalp(machine: Machine, one: Datum, other: Datum) -> Datum:
    return truth(equal(machine, one, other, fold=True))


def _not(machine: Machine, value: Datum) -> Datum:
    return truth(value is None)


def _consp(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is Cell)


def _atom(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is not Cell)


def _listp(machine: Machine, value: Datum) -> Datum:
    return truth(value is None or value.__class__ is Cell)


def _identity(machine: Machine, value: Datum) -> Datum:
    return value


def _constantly(machine: Machine, value: Datum) -> Datum:
    from kring.frontend.lisp.host.machine import Function

    return Function("constantly", lambda _: value)


def _complement(machine: Machine, function: Datum) -> Datum:
    from kring.frontend.lisp.host.machine import Function

    called = machine.function(function).call
    return Function("complement", lambda args: truth(called(args) is None))


def _symbolp(machine: Machine, value: Datum) -> Datum:
    return truth(value is None or value.__class__ is Symbol)


def _keywordp(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is Symbol and value.name.startswith(":"))


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
        "eq": Row("value value", _eq),
        "eql": Row("value value", _eq),
        "equal": Row("value value", _equal),
        "equalp": Row("value value", _equalp),
        "not": Row("value", _not),
        "null": Row("value", _not),
        "endp": Row("list", _not),
        "consp": Row("value", _consp),
        "atom": Row("value", _atom),
        "listp": Row("value", _listp),
        "symbolp": Row("value", _symbolp),
        "keywordp": Row("value", _keywordp),
        "identity": Row("value", _identity),
        "constantly": Row("value", _constantly),
        "complement": Row("function", _complement),
        **{name: _position(at) for at, name in enumerate(_ORDINALS)},
    }
)
