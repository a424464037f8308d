"""Functions of sequences: lists and strings alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def _elements(machine: Machine, value: Datum) -> list[Datum]:
    if value.__class__ is str:
        machine.spend(len(value) // 4)
        return list(map(Char, value))
    if value is None or isinstance(value, Cell):
        return items(machine, value)
    raise Failure(f"{brief(value)} is neither a list nor a string")


def _like(machine: Machine, values: list[Datum], value: Datum) -> Datum:
    """A sequence of the kind that another one is of."""
    return _joined(values) if value.__class__ is str else make_list(machine, values)


def _joined(values: Iterable[Datum]) -> str:
    letters = list(values)
    for letter in letters:
        if not isinstance(letter, Char):
            raise Failure(f"{brief(letter)} is no character, as a string has them")
    return text("".join(letters))


def _slice(start: Datum, end: Datum, size: int, value: Datum) -> tuple[int, int]:
    first = 0 if start is None else an_integer(start)
    last = size if end is None else an_integer(end)
    if not 0 <= first <= last <= size:
        raise Failure(f"{brief(value)} has no elements {first} to {last}", f"it has {size}")
    return first, last


def _length(machine: Machine, value: Datum) -> Datum:
    return len(value) if value.__class__ is str else len(_elements(machine, value))


def _reverse(machine: Machine, value: Datum) -> Datum:
    if value.__class__ is str:
        return value[::-1]
    return make_list(machine, _elements(machine, value)[::-1])


def _copy(machine: Machine, value: Datum) -> Datum:
    """The same: neither lists nor strings change."""
    return value


def _subseq(machine: Machine, value: Datum, start: Datum, end: Datum = None) -> Datum:
    found = value if value.__class__ is str else _elements(machine, value)
    first, last = _slice(start, end, len(found), value)
    return found[first:last] if found is value else make_list(machine, found[first:last])


def _elt(machine: Machine, value: Datum, at: Datum) -> Datum:
    found, index = _elements(machine, value), an_integer(at)
    if not 0 <= index < len(found):
        raise Failure(f"{brief(value)} has no element {index}", f"it has {len(found)}")
    return found[index]


def _concatenate(machine: Machine, kind: Datum, *values: Datum) -> Datum:
    name = kind.name if isinstance(kind, Symbol) else ""
    if name == "string" and all(value.__class__ is str for value in values):
        machine.spend(sum(map(len, values)) // 64)
        return text("".join(values))
    found = [element for value in values for element in _elements(machine, value)]
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
    return _of_kind(machine, name, _elements(machine, value))


# What is looked for in a sequence. Each of these has three forms: by item, by test, by its contrary

Test = Callable[[Datum], bool]


def _by_item(
    machine: Machine, item: Datum, key: Datum, test: Datum = None, test_not: Datum = None
) -> Test:
    compare, part = same(machine, test, test_not), keyed(machine, key)
    return lambda value: compare(item, part(value))


def _by_test(machine: Machine, function: Datum, key: Datum, wanted: bool = True) -> Test:
    called, part = machine.function(function).call, keyed(machine, key)

    def holds(value: Datum) -> bool:
        machine.spend(1)
        return (called([part(value)]) is not None) is wanted

    return holds


_Search = Callable[..., Datum]
"""What is done with the elements that a test is true of: machine, test, sequence, keywords."""


def _three(name: str, search: _Search, extra: str = "", usage: str = "sequence") -> dict[str, Row]:
    def item(
        machine: Machine, item: Datum, *args: Datum, key: Datum = None, **keys: Datum
    ) -> Datum:
        tests = {one: keys.pop(one) for one in ("test", "test_not") if one in keys}
        return search(machine, _by_item(machine, item, key, **tests), *args, **keys)

    def when(
        machine: Machine, test: Datum, *args: Datum, key: Datum = None, **keys: Datum
    ) -> Datum:
        return search(machine, _by_test(machine, test, key), *args, **keys)

    def unless(
        machine: Machine, test: Datum, *args: Datum, key: Datum = None, **keys: Datum
    ) -> Datum:
        return search(machine, _by_test(machine, test, key, False), *args, **keys)

    keys = f"key start end from-end {extra}"
    return {
        name: Row(f"item {usage}", item, f"test test-not {keys}"),
        f"{name}-if": Row(f"function {usage}", when, keys),
        f"{name}-if-not": Row(f"function {usage}", unless, keys),
    }


def _places(
    machine: Machine,
    test: Test,
    value: Datum,
    start: Datum,
    end: Datum,
    from_end: Datum = None,
    count: Datum = None,
) -> tuple[list[Datum], list[int]]:
    """The elements of a sequence, and at which of them the test is true."""
    found = _elements(machine, value)
    first, last = _slice(start, end, len(found), value)
    order = range(last - 1, first - 1, -1) if from_end is not None else range(first, last)
    most = len(found) if count is None else max(an_integer(count), 0)
    places: list[int] = []
    for at in order:
        if len(places) == most:
            break
        if test(found[at]):
            places.append(at)
    return found, places


def _find(
    machine: Machine,
    test: Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
) -> Datum:
    found, places = _places(machine, test, value, start, end, from_end, 1)
    return found[places[0]] if places else None


def _position(
    machine: Machine,
    test: Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
) -> Datum:
    _, places = _places(machine, test, value, start, end, from_end, 1)
    return places[0] if places else None


def _count(
    machine: Machine,
    test: Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
) -> Datum:
    return len(_places(machine, test, value, start, end)[1])


def _remove(
    machine: Machine,
    test: Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
    count: Datum = None,
) -> Datum:
    found, places = _places(machine, test, value, start, end, from_end, count)
    gone = set(places)
    return _like(machine, [one for at, one in enumerate(found) if at not in gone], value)


def _substitute(
    machine: Machine,
    test: Test,
    new: Datum,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
    count: Datum = None,
) -> Datum:
    found, places = _places(machine, test, value, start, end, from_end, count)
    gone = set(places)
    return _like(machine, [new if at in gone else one for at, one in enumerate(found)], value)


def _substituting(rows: dict[str, Row]) -> dict[str, Row]:
    """Rows whose functions get the new element first, in front of the one that is searched."""

    def turned(row: Row) -> Row:
        def call(machine: Machine, new: Datum, item: Datum, value: Datum, **keys: Datum) -> Datum:
            return row.call(machine, item, new, value, **keys)

        return Row(f"new {row.usage}", call, row.keys)

    return {name: turned(row) for name, row in rows.items()}


def _search(machine: Machine, part: Datum, whole: Datum, *, test: Datum = None) -> Datum:
    if part.__class__ is str and whole.__class__ is str and test is None:
        machine.spend(len(whole) // 16)
        at = whole.find(part)
        return at if at >= 0 else None
    compare = same(machine, test)
    wanted, found = _elements(machine, part), _elements(machine, whole)
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
    found = _elements(machine, value)
    kept: list[Datum] = []
    for one in found if from_end is not None else reversed(found):
        machine.spend(1 + len(kept) // 4)
        if not any(compare(part(other), part(one)) for other in kept):
            kept.append(one)
    return _like(machine, kept if from_end is not None else kept[::-1], value)


def _sort(machine: Machine, value: Datum, test: Datum, *, key: Datum = None) -> Datum:
    called, part = machine.function(test).call, keyed(machine, key)

    def before(one: Datum, other: Datum) -> int:
        machine.spend(1)
        first, second = part(one), part(other)
        if called([first, second]) is not None:
            return -1
        return 1 if called([second, first]) is not None else 0

    return _like(machine, sorted(_elements(machine, value), key=cmp_to_key(before)), value)


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
    found = _elements(machine, value)
    first, last = _slice(start, end, len(found), value)
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
    return list(zip(*(_elements(machine, value) for value in values), strict=False))


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
    first, second = _elements(machine, one), _elements(machine, other)
    for at, (left, right) in enumerate(zip(first, second, strict=False)):
        if not compare(left, right):
            return at
    return None if len(first) == len(second) else min(len(first), len(second))


_REMOVE = _three("remove", _remove, "count")
_SUBSTITUTE = _substituting(_three("substitute", _substitute, "count"))

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
        **_three("find", _find),
        **_three("position", _position),
        **_three("count", _count),
        **_REMOVE,
        **{name.replace("remove", "delete"): row for name, row in _REMOVE.items()},
        **_SUBSTITUTE,
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
