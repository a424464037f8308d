"""Functions of sequences: lists and strings alike."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key

from kring.frontend.lisp.forms import Cell, Char, Symbol, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Failure,
    an_integer,
    brief,
    items,
    make_list,
    text,
    truth,
)
from kring.frontend.lisp.host.lists import keyed, same
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row


def elements(machine: Machine, value: Datum) -> list[Datum]:
    """The elements of a list, or the characters of a string."""
    if value.__class__ is str:
        machine.spend(len(value) // 4)
        return list(map(Char, value))
    if value is None or isinstance(value, Cell):
        return items(machine, value)
    raise Failure(f"{brief(value)} is neither a list nor a string")


def like(machine: Machine, values: list[Datum], value: Datum) -> Datum:
    """A sequence of the kind that another one is of."""
    return _joined(values) if value.__class__ is str else make_list(machine, values)


def _joined(values: Iterable[Datum]) -> str:
    letters = list(values)
    for letter in letters:
        if not isinstance(letter, Char):
            raise Failure(f"{brief(letter)} is no character, as a string has them")
    return text("".join(letters))


def section(start: Datum, end: Datum, size: int, value: Datum) -> tuple[int, int]:
    """Where the part of a sequence begins and ends that two bounds name."""
    first = 0 if start is None else an_integer(start)
    last = size if end is None else an_integer(end)
    if not 0 <= first <= last <= size:
        raise Failure(f"{brief(value)} has no elements {first} to {last}", f"it has {size}")
    return first, last


def _length(machine: Machine, value: Datum) -> Datum:
    return len(value) if value.__class__ is str else len(elements(machine, value))


def _reverse(machine: Machine, value: Datum) -> Datum:
    if value.__class__ is str:
        return value[::-1]
    return make_list(machine, elements(machine, value)[::-1])


def _copy(machine: Machine, value: Datum) -> Datum:
    """The same: neither lists nor strings change."""
    return value


def _subseq(machine: Machine, value: Datum, start: Datum, end: Datum = None) -> Datum:
    found = value if value.__class__ is str else elements(machine, value)
    first, last = section(start, end, len(found), value)
    return found[first:last] if found is value else make_list(machine, found[first:last])


def _elt(machine: Machine, value: Datum, at: Datum) -> Datum:
    found, index = elements(machine, value), an_integer(at)
    if not 0 <= index < len(found):
        raise Failure(f"{brief(value)} has no element {index}", f"it has {len(found)}")
    return found[index]


def _concatenate(machine: Machine, kind: Datum, *values: Datum) -> Datum:
    name = kind.name if isinstance(kind, Symbol) else ""
    if name == "string" and all(value.__class__ is str for value in values):
        machine.spend(sum(map(len, values)) // 64)
        return text("".join(values))
    found = [element for value in values for element in elements(machine, value)]
    return _of_kind(machine, name, found)


def _of_kind(machine: Machine, name: str, values: list[Datum]) -> Datum:
    if name in ("string", "simple-string", "base-string"):
        return _joined(values)
    if name in ("list", "cons"):
        return make_list(machine, values)
    raise Failure(f"no sequence is of the type {name or 'nil'}", "'string and 'list are types")


def _coerce(machine: Machine, value: Datum, kind: Datum) -> Datum:
    name = kind.name if isinstance(kind, Symbol) else ""
    if name == "function":
        return machine.function(value)
    if name == "character":
        return FUNCTIONS["character"].call(machine, value)
    return _of_kind(machine, name, elements(machine, value))


def _search(machine: Machine, part: Datum, whole: Datum, *, test: Datum = None) -> Datum:
    if part.__class__ is str and whole.__class__ is str and test is None:
        machine.spend(len(whole) // 16)
        at = whole.find(part)
        return at if at >= 0 else None
    compare = same(machine, test)
    wanted, found = elements(machine, part), elements(machine, whole)
    for at in range(len(found) - len(wanted) + 1):
        machine.spend(1)
        pairs = zip(wanted, found[at : at + len(wanted)], strict=True)
        if all(compare(one, other) for one, other in pairs):
            return at
    return None


def _distinct(
    machine: Machine,
    value: Datum,
    *,
    key: Datum = None,
    from_end: Datum = None,
    **tests: Datum,
) -> Datum:
    """Of elements that are the same, the last, or from the end the first."""
    compare, part = same(machine, **tests), keyed(machine, key)
    found = elements(machine, value)
    kept: list[Datum] = []
    for one in found if from_end is not None else reversed(found):
        machine.spend(1 + len(kept) // 4)
        if not any(compare(part(other), part(one)) for other in kept):
            kept.append(one)
    return like(machine, kept if from_end is not None else kept[::-1], value)


def _sort(machine: Machine, value: Datum, test: Datum, *, key: Datum = None) -> Datum:
    called, part = machine.function(test).call, keyed(machine, key)

    def before(one: Datum, other: Datum) -> int:
        machine.spend(1)
        first, second = part(one), part(other)
        if called([first, second]) is not None:
            return -1
        return 1 if called([second, first]) is not None else 0

    return like(machine, sorted(elements(machine, value), key=cmp_to_key(before)), value)


def _reduce(
    machine: Machine,
    function: Datum,
    value: Datum,
    *,
    key: Datum = None,
    from_end: Datum = None,
    start: Datum = None,
    end: Datum = None,
    **initial: Datum,
) -> Datum:
    found = elements(machine, value)
    first, last = section(start, end, len(found), value)
    values = [keyed(machine, key)(one) for one in found[first:last]]
    if from_end is not None:
        values.reverse()
    if "initial_value" in initial:
        values.insert(0, initial["initial_value"])
    if not values:
        return machine.apply(function)
    made = values[0]
    for one in values[1:]:
        pair = (one, made) if from_end is not None else (made, one)
        made = machine.apply(function, *pair)
    return made


def _rows_of(machine: Machine, values: tuple[Datum, ...]) -> list[tuple[Datum, ...]]:
    return list(zip(*(elements(machine, value) for value in values), strict=False))


def _some(machine: Machine, function: Datum, *values: Datum) -> Datum:
    for row in _rows_of(machine, values):
        found = machine.apply(function, *row)
        if found is not None:
            return found
    return None


def _every(machine: Machine, function: Datum, *values: Datum) -> Datum:
    found: Datum = symbol("t")
    for row in _rows_of(machine, values):
        found = machine.apply(function, *row)
        if found is None:
            return None
    return found


def _not_any(machine: Machine, function: Datum, *values: Datum) -> Datum:
    return truth(_some(machine, function, *values) is None)


def _not_every(machine: Machine, function: Datum, *values: Datum) -> Datum:
    return truth(_every(machine, function, *values) is None)


def _map(machine: Machine, kind: Datum, function: Datum, *values: Datum) -> Datum:
    made = [machine.apply(function, *row) for row in _rows_of(machine, values)]
    if kind is None:
        return None
    return _of_kind(machine, kind.name if isinstance(kind, Symbol) else "", made)


def _mismatch(machine: Machine, one: Datum, other: Datum, *, test: Datum = None) -> Datum:
    compare = same(machine, test)
    first, second = elements(machine, one), elements(machine, other)
    for at, (left, right) in enumerate(zip(first, second, strict=False)):
        if not compare(left, right):
            return at
    return None if len(first) == len(second) else min(len(first), len(second))


FUNCTIONS.update(
    {
        "length": Row("sequence", _length),
        "list-length": Row("list", _length),
        "reverse": Row("sequence", _reverse),
        "nreverse": Row("sequence", _reverse),
        "copy-seq": Row("sequence", _copy),
        "subseq": Row("sequence start [end]", _subseq),
        **dict.fromkeys(("elt", "aref", "svref"), Row("sequence n", _elt)),
        "concatenate": Row("type sequence…", _concatenate),
        "coerce": Row("value type", _coerce),
        "search": Row("part sequence", _search, "test"),
        "mismatch": Row("sequence sequence", _mismatch, "test"),
        "remove-duplicates": Row("sequence", _distinct, "key test test-not from-end"),
        "delete-duplicates": Row("sequence", _distinct, "key test test-not from-end"),
        "sort": Row("sequence function", _sort, "key"),
        "stable-sort": Row("sequence function", _sort, "key"),
        "reduce": Row("function sequence", _reduce, "key from-end start end initial-value"),
        "some": Row("function sequence sequence…", _some),
        "every": Row("function sequence sequence…", _every),
        "notany": Row("function sequence sequence…", _not_any),
        "notevery": Row("function sequence sequence…", _not_every),
        "map": Row("type function sequence sequence…", _map),
    }
)
