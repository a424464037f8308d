"""Functions that look for elements of sequences; each has three forms.

(find item sequence)   (find-if function sequence)   (find-if-not function sequence)
"""

from __future__ import annotations

from collections.abc import Callable

from kring.frontend.lisp.host.data import Datum, an_integer
from kring.frontend.lisp.host.lists import keyed, same
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row
from kring.frontend.lisp.host.sequences import elements, like, section

_Test = Callable[[Datum], bool]


def _by_item(
    machine: Machine, item: Datum, key: Datum, test: Datum = None, test_not: Datum = None
) -> _Test:
    compare, part = same(machine, test, test_not), keyed(machine, key)
    return lambda value: compare(item, part(value))


def _by_test(machine: Machine, function: Datum, key: Datum, wanted: bool = True) -> _Test:
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
    test: _Test,
    value: Datum,
    start: Datum,
    end: Datum,
    from_end: Datum = None,
    count: Datum = None,
) -> tuple[list[Datum], list[int]]:
    """The elements of a sequence, and at which of them the test is true."""
    found = elements(machine, value)
    first, last = section(start, end, len(found), value)
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
    test: _Test,
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
    test: _Test,
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
    test: _Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
) -> Datum:
    return len(_places(machine, test, value, start, end)[1])


def _remove(
    machine: Machine,
    test: _Test,
    value: Datum,
    *,
    start: Datum = None,
    end: Datum = None,
    from_end: Datum = None,
    count: Datum = None,
) -> Datum:
    found, places = _places(machine, test, value, start, end, from_end, count)
    gone = set(places)
    return like(machine, [one for at, one in enumerate(found) if at not in gone], value)


def _substitute(
    machine: Machine,
    test: _Test,
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
    return like(machine, [new if at in gone else one for at, one in enumerate(found)], value)


def _substituting(rows: dict[str, Row]) -> dict[str, Row]:
    """Rows whose functions get the new element first, in front of the one that is searched."""

    def turned(row: Row) -> Row:
        def call(machine: Machine, new: Datum, item: Datum, value: Datum, **keys: Datum) -> Datum:
            return row.call(machine, item, new, value, **keys)

        return Row(f"new {row.usage}", call, row.keys)

    return {name: turned(row) for name, row in rows.items()}


_REMOVE = _three("remove", _remove, "count")

FUNCTIONS.update(
    {
        **_three("find", _find),
        **_three("position", _position),
        **_three("count", _count),
        **_REMOVE,
        **{name.replace("remove", "delete"): row for name, row in _REMOVE.items()},
        **_substituting(_three("substitute", _substitute, "count")),
    }
)
