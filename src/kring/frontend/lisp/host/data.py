"""What macros compute with: forms, functions and conditions; what names mean; and what goes wrong.

What is asked of a value, as `items`, fails in words that name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from kring.frontend.lisp.atoms import MOST_BITS
from kring.frontend.lisp.forms import Cell, Char, Symbol, show, symbol
from kring.ir.core import Span
from kring.record import record

if TYPE_CHECKING:
    from kring.frontend.lisp.host.machine import Machine

Datum: TypeAlias = Any
"""A form, or a function, a table, a condition: what may be anywhere in a list of a macro's."""

LONGEST = 1 << 20
"""Characters of a string."""


T = symbol("t")


class Failure(Exception):
    """What went wrong in an evaluation; `handler-case` may catch it.

    `span` is the place to blame, if it is not the form being evaluated; `said` whether the message
    is of the macro's author, for who uses it.
    """

    def __init__(self, message: str, *notes: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.notes = notes
        self.span = span
        self.said = False


class Exhausted(Exception):
    """The evaluation takes too much; nothing catches it."""


class TooDeep(Exception):
    """A call is within too many others; nothing catches it. Its `args` are who is called."""


class Leave(Exception):
    """On the way to a block that is left."""

    def __init__(self, block: object, value: Datum) -> None:
        self.block = block
        self.value = value


@record(eq=False)
class Condition:
    """What a handler gets to see of a failure."""

    message: str


class Env:
    """What names mean inside of a form; each kind of name has its own.

    Variables are looked for in the environments around this one, too; functions and blocks are all
    that are in reach. `places` are those of the forms that a macro's parameters are bound to.
    """

    __slots__ = ("blocks", "functions", "outer", "places", "variables")

    def __init__(
        self, outer: Env | None = None, variables: dict[Symbol, Datum] | None = None
    ) -> None:
        self.outer = outer
        self.variables: dict[Symbol, Datum] = {} if variables is None else variables
        self.functions: dict[Symbol, Function] = _NONE if outer is None else outer.functions
        self.blocks: dict[Symbol, object] = _NONE if outer is None else outer.blocks
        self.places: dict[Symbol, Span] | None = None

    def holder(self, name: Symbol) -> Env | None:
        """The environment that binds a variable."""
        env: Env | None = self
        while env is not None and name not in env.variables:
            env = env.outer
        return env

    def place(self, name: Symbol) -> Span | None:
        """Where the form stands that a variable is bound to."""
        holder = self.holder(name)
        return holder.places.get(name) if holder and holder.places else None


_NONE: dict[Symbol, Any] = {}


@record(eq=False)
class Function:
    """Something that can be called with values; `expand` is there if it is a macro,
    which is called with the whole form."""

    name: str
    call: Callable[[list[Datum]], Datum]
    expand: Callable[[Cell], Datum] | None = None
    span: Span | None = None


def miscounted(name: str, given: int, usage: str) -> Failure:
    """The failure of a call with a wrong number of operands."""
    wanted = f"({name} {usage})" if usage else f"({name})"
    return Failure(f"{name} is given {given} operand{'s' * (given != 1)}", f"write `{wanted}`")


def truth(value: object) -> Datum:
    """t or nil."""
    return T if value else None


def checked(number: int) -> int:
    """An integer, if it is not too long to compute with."""
    if number.bit_length() > MOST_BITS:
        raise Failure(f"an integer of {number.bit_length()} bits", f"{MOST_BITS} bits are the most")
    return number


def text(value: str) -> str:
    """A string, if it is not too long."""
    if len(value) > LONGEST:
        raise Failure(f"a string of {len(value)} characters", f"{LONGEST} are the most")
    return value


def an_integer(value: Datum, what: str = "an integer") -> int:
    if value.__class__ is int:
        return value
    raise Failure(f"{brief(value)} is not {what}")


def a_symbol(value: Datum, what: str = "a name") -> Symbol:
    if value.__class__ is Symbol:
        return value
    raise Failure(f"{brief(value)} is not {what}")


def items(machine: Machine, value: Datum) -> list[Datum]:
    """The elements of a proper list."""
    found: list[Datum] = []
    rest = value
    while rest.__class__ is Cell:
        found.append(rest.car)
        rest = rest.cdr
    if rest is not None:
        raise Failure(f"{brief(value)} is not a list")
    machine.spend(len(found))
    return found


def make_list(machine: Machine, values: Iterable[Datum], tail: Datum = None) -> Datum:
    """A list of some values."""
    found = list(values)
    machine.spend(len(found))
    made: Datum = tail
    for value in reversed(found):
        made = Cell(value, made)
    return made


_SHOWN = 60


def brief(value: Datum, room: int = _SHOWN) -> str:
    """A value as messages show it: a long list by its beginning."""
    if not isinstance(value, Cell):
        return _named(value)
    texts: list[str] = []
    rest: Datum = value
    while isinstance(rest, Cell) and room > 0:
        texts.append(brief(rest.car, room - 8))
        room -= len(texts[-1]) + 1
        rest = rest.cdr
    if isinstance(rest, Cell):
        texts.append("…")
    elif rest is not None:
        texts += [".", _named(rest)]
    return f"({' '.join(texts)})"


def _named(value: Datum) -> str:
    """What is no list as messages show it."""
    if isinstance(value, Function):
        return f"the function {value.name}"
    if isinstance(value, str) and not isinstance(value, Char) and len(value) > _SHOWN:
        return f'"{value[:_SHOWN]}…'
    if value is None or isinstance(value, (str, int, Symbol)):
        return show(value)
    return f"a {type(value).__name__.lower()}"
