"""Variables: those in sight, what they hold, and the constants that they cannot be called as.

A variable is a value that the builder carries along the paths, or lies in memory if a form takes
its address.
"""

from __future__ import annotations

from typing import NoReturn

from kring.frontend.diagnose import refuse
from kring.frontend.lisp.constants import CONSTANTS
from kring.frontend.lisp.forms import Symbol
from kring.frontend.lisp.scope import Rebuild, Scope
from kring.frontend.values import Gone, Mixed, Num
from kring.ir.core import Mem, Span, Value
from kring.spelling import suggestion

_WHOLE = Mem(0, 8)
"""Where a variable is in its memory."""


def variable(s: Scope, symbol: Symbol, span: Span) -> str:
    """A variable in sight, as the builder knows it."""
    name = s.names.get(symbol)
    if name is None:
        _refuse_name(s, symbol, span)
    return name


def _refuse_name(s: Scope, symbol: Symbol, span: Span) -> NoReturn:
    if symbol in s.beside:
        refuse(span, f"no variable is called {symbol} yet", _BESIDE)
    if constant_of(s, symbol) is not None:
        refuse(span, f"{symbol} is a constant")
    known = [one.name for one in s.names]
    if hint := suggestion(symbol.name, [*known, *CONSTANTS], quote=""):
        refuse(span, f"no variable is called {symbol}.{hint}")
    if symbol in s.unit.constants:
        refuse(span, f"{symbol} is a constant, but no number")
    listed = ", ".join(one for one in known if not one.startswith("<")) or "none"
    refuse(span, f"no variable is called {symbol}", f"variables here: {listed}")


_BESIDE = "`let` binds all of its variables at once: write `let*` to use one in the next"


def bind(s: Scope, symbol: Symbol, found: Value, span: Span) -> str:
    """Bring one more variable in sight; `hide` takes it away again."""
    if constant_of(s, symbol) is not None:
        refuse(span, f"{symbol} is a constant, and cannot name a variable")
    name = s.names[symbol] = s.fresh(symbol)
    if s.addressed.get(name) and found.type.space is None and s.b.block is not None:
        s.slots[name] = s.b.stack(8)
        s.b.store(s.slots[name], _WHOLE, found)
    s.b.env[name] = Num(found, signed=False)
    return name


def hide(s: Scope, before: dict[Symbol, str]) -> None:
    """Go back to the variables that were in sight before."""
    for symbol, name in s.names.items():
        if before.get(symbol) != name:
            s.b.env.pop(name, None)
    s.names = before


def write(s: Scope, name: str, new: Value) -> None:
    """Give a variable another value."""
    slot = s.slots.get(name)
    if slot is None:
        s.b.env[name] = Num(new, signed=False)
    elif new.type.space is None:
        s.b.store(slot, _WHOLE, new)
    else:
        s.addressed[name] = False  # memory would lose what the pointer leads to
        raise Rebuild


def read(s: Scope, symbol: Symbol, name: str, span: Span) -> Value:
    """What a variable holds, if it is the same thing on every path to here."""
    if (slot := s.slots.get(name)) is not None:
        return s.b.load(slot, _WHOLE)
    match s.b.env[name]:
        case Num(found):
            return found
        case Mixed(one, other):
            refuse(
                span,
                f"{symbol} is {one} on one path and {other} on another",
                "give the two things two names",
            )
        case Gone(at, how):
            refuse(span, f"{symbol} leads nowhere here: it was {how} on line {at.line}")
        case _:
            refuse(span, f"{symbol} has no value on every path to here")


def constant_of(s: Scope, symbol: Symbol) -> int | None:
    """The number that a name stands for, by the language or by the file."""
    known = CONSTANTS.get(symbol.name)
    return s.unit.host.constant(symbol) if known is None else known
