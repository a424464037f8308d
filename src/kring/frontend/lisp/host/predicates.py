"""Questions: what a value is, and whether it is another."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Symbol
from kring.frontend.lisp.host.data import Datum, truth
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row
from kring.frontend.lisp.host.special import eql


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


def _symbolp(machine: Machine, value: Datum) -> Datum:
    return truth(value is None or value.__class__ is Symbol)


def _keywordp(machine: Machine, value: Datum) -> Datum:
    return truth(value.__class__ is Symbol and value.name.startswith(":"))


FUNCTIONS.update(
    {
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
    }
)
