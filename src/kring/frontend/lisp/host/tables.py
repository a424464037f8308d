"""Hash tables: what macros remember of what they have seen."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.data import Datum, Failure, brief, make_list, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row
from kring.record import field, record


@record(eq=False, frozen=False)
class Table:
    """Values by their keys, in the order in which they came."""

    test: str
    entries: dict[object, tuple[Datum, Datum]] = field(
        default_factory=dict[object, "tuple[Datum, Datum]"]
    )

    def get(self, machine: Machine, key: Datum, default: Datum = None) -> tuple[Datum, Datum]:
        """The value of a key, and whether it has one."""
        found = self.entries.get(self.known(machine, key))
        return (default, None) if found is None else (found[1], truth(True))

    def put(self, machine: Machine, key: Datum, value: Datum) -> None:
        machine.spend(1)
        self.entries[self.known(machine, key)] = key, value

    def known(self, machine: Machine, key: Datum) -> object:
        """What Python knows a key by: itself, or how it is written."""
        if self.test in ("eq", "eql"):
            return (key.__class__, key) if key.__class__.__name__ in ("int", "Char") else id(key)
        return _written(machine, key, self.test == "equalp")


def _written(machine: Machine, key: Datum, fold: bool) -> object:
    if isinstance(key, Cell):
        parts: list[object] = []
        rest: Datum = key
        while isinstance(rest, Cell):
            machine.spend(1)
            parts.append(_written(machine, rest.car, fold))
            rest = rest.cdr
        return (*parts, ".", _written(machine, rest, fold))
    if isinstance(key, str):
        return key.__class__, key.lower() if fold else str(key)
    return (int, key) if key.__class__ is int else id(key)


def a_table(value: Datum) -> Table:
    if isinstance(value, Table):
        return value
    raise Failure(f"{brief(value)} is no hash table")


_MADE = 10
"""Steps that a table takes to be made."""


def _make(machine: Machine, *, test: Datum = None, size: Datum = None) -> Datum:
    name = getattr(test, "name", "") if test is not None else "eql"
    if name not in ("eq", "eql", "equal", "equalp"):
        raise Failure(f"{brief(test)} compares no keys", "eq, eql, equal and equalp do")
    machine.spend(_MADE)
    return Table(name)


def _get(machine: Machine, key: Datum, table: Datum, default: Datum = None) -> Datum:
    machine.values = a_table(table).get(machine, key, default)
    return machine.values[0]


def _remove(machine: Machine, key: Datum, table: Datum) -> Datum:
    owner = a_table(table)
    return truth(owner.entries.pop(owner.known(machine, key), None) is not None)


def _clear(machine: Machine, table: Datum) -> Datum:
    a_table(table).entries.clear()
    return table


def _count(machine: Machine, table: Datum) -> Datum:
    return len(a_table(table).entries)


def _map(machine: Machine, function: Datum, table: Datum) -> Datum:
    for key, value in list(a_table(table).entries.values()):
        machine.apply(function, key, value)
    return None


def _keys(machine: Machine, table: Datum) -> Datum:
    return make_list(machine, [key for key, _ in a_table(table).entries.values()])


def _values(machine: Machine, table: Datum) -> Datum:
    return make_list(machine, [value for _, value in a_table(table).entries.values()])


def _pairs(machine: Machine, table: Datum) -> Datum:
    return make_list(machine, [Cell(key, value) for key, value in a_table(table).entries.values()])


def _tablep(machine: Machine, value: Datum) -> Datum:
    return truth(isinstance(value, Table))


def _property(machine: Machine, owner: Datum, name: Datum, default: Datum = None) -> Datum:
    if not isinstance(owner, Symbol):
        raise Failure(f"{brief(owner)} is no symbol")
    return machine.properties.get((owner, name), default)


FUNCTIONS.update(
    {
        "make-hash-table": Row("", _make, "test size"),
        "gethash": Row("key table [default]", _get),
        "remhash": Row("key table", _remove),
        "clrhash": Row("table", _clear),
        "hash-table-count": Row("table", _count),
        "maphash": Row("function table", _map),
        "hash-table-keys": Row("table", _keys),
        "hash-table-values": Row("table", _values),
        "hash-table-alist": Row("table", _pairs),
        "hash-table-p": Row("value", _tablep),
        "get": Row("symbol name [default]", _property),
    }
)
