"""What the reader makes of Lisp text, and macros of each other: symbols, numbers, strings, lists.

    Form = Symbol | int | str | Cell | None        None is nil, and the empty list

A list is a chain of cells. Places in the source are kept in the cells, since atoms are shared: a
cell knows where its `car` stands, and the first cell of a list where the whole list does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from kring.ir.core import Span
from kring.record import record


@record(eq=False)
class Symbol:
    """A name, in lower case; there is one of each, so that `is` compares. That of a keyword begins
    with a colon. Made by `symbol`, or by `gensym` of the host, whose symbols are nobody else's."""

    name: str

    def __str__(self) -> str:
        return self.name


_symbols: dict[str, Symbol] = {}


def symbol(name: str) -> Symbol:
    """The symbol of that name, in any case."""
    name = name.lower()
    found = _symbols.get(name)
    if found is None:
        found = _symbols[name] = Symbol(name)
    return found


def lisp_name(name: str) -> str:
    """How forms name what C calls so; what a file writes with `_` is the same."""
    return name.lower().replace("_", "-")


@record(eq=False)
class Cell:
    """One element of a list and the rest of it. `at` is where the element stands, `span` where the
    list does that begins here; None for what no source has as it is."""

    car: Form
    cdr: Form = None
    at: Span | None = None
    span: Span | None = None


Form: TypeAlias = "Symbol | int | str | Cell | None"


class Char(str):
    """A character, a string of one. Programs have none: macros compute with them."""

    __slots__ = ()


class Operand(NamedTuple):
    """A form, and the place to blame for it."""

    form: Form
    span: Span


def operands(form: Form, span: Span) -> list[Operand]:
    """The elements of a proper list; `span` is the place of those that have none of their own."""
    found: list[Operand] = []
    while isinstance(form, Cell):
        own = form.car.span if isinstance(form.car, Cell) else None
        found.append(Operand(form.car, own or form.at or span))
        form = form.cdr
    return found


def elements(form: Form) -> Iterator[Form]:
    """The elements of a proper list."""
    while isinstance(form, Cell):
        yield form.car
        form = form.cdr


def listed(forms: Iterable[Form], span: Span | None = None, tail: Form = None) -> Form:
    """A list of some forms, which stands at `span`."""
    made: Form = tail
    rest: Sequence[Form] = list(forms)
    for at, form in reversed(list(enumerate(rest))):
        made = Cell(form, made, None, None if at else span)
    return made


def head(form: Form) -> str:
    """The name of the symbol that a list begins with; empty for what is no such list."""
    return form.car.name if isinstance(form, Cell) and isinstance(form.car, Symbol) else ""


def show(form: Form) -> str:
    """The form as it is written, in lower case."""
    match form:
        case None:
            return "nil"
        case Char():
            return f"#\\{_CHARACTERS.get(form, form)}"
        case str():
            escaped = form.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case Cell(Symbol(name), Cell(quoted, None)) if name in _PREFIXES:
            return _PREFIXES[name] + show(quoted)
        case Cell():
            texts: list[str] = []
            rest: Form = form
            while isinstance(rest, Cell):
                texts.append(show(rest.car))
                rest = rest.cdr
            if rest is not None:
                texts += [".", show(rest)]
            return f"({' '.join(texts)})"
        case Symbol():
            return _spelled(form.name)
        case _:
            return str(form)


_PREFIXES = {
    "quote": "'",
    "function": "#'",
    "quasiquote": "`",
    "unquote": ",",
    "unquote-splicing": ",@",
}
_CHARACTERS = {" ": "Space", "\n": "Newline", "\t": "Tab", "\0": "Nul", "\r": "Return"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-+*/<>=!?$%&_~^[]{}@.")


def _spelled(name: str) -> str:
    """The name as the reader takes it: one that it would take for something else is in bars."""
    word = name.removeprefix(":")
    if word and _PLAIN.issuperset(word) and name != "nil":
        if word.lstrip("+-")[:1] not in _NUMERIC or _no_number(word):
            return name
    escaped = word.replace("\\", "\\\\").replace("|", "\\|")
    return f"{name[: len(name) - len(word)]}|{escaped}|"


_NUMERIC = tuple(".0123456789")


def _no_number(word: str) -> bool:
    from kring.frontend.lisp.atoms import Malformed, atom

    try:
        return isinstance(atom(word), Symbol)
    except Malformed:
        return False
