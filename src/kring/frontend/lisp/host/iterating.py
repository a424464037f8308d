"""How the names of a `loop` get their values: the words behind `for x`, and the steps they make.

In:  the rest of a loop's clauses, as `Words`. Out: for each name the step before the first turn,
     and that before each other one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kring.frontend.lisp.forms import Cell, Char, Symbol, symbol
from kring.frontend.lisp.host.data import (
    Datum,
    Failure,
    a_symbol,
    an_integer,
    brief,
    checked,
)
from kring.frontend.lisp.host.gathering import Run
from kring.frontend.lisp.host.machine import Machine
from kring.frontend.lisp.host.patterns import Pattern, parse


class Ended(Exception):
    """A loop's own end, after which what is behind `finally` is evaluated."""


Step: TypeAlias = "Callable[[Run], None]"


class Words:
    """The rest of a loop's clauses."""

    def __init__(self, machine: Machine, rest: Datum) -> None:
        self.machine = machine
        self.rest: Datum = rest

    def word(self) -> str:
        """The keyword that comes next, if one does."""
        if isinstance(self.rest, Cell) and isinstance(self.rest.car, Symbol):
            return self.rest.car.name.removeprefix(":")
        return ""

    def take(self, *words: str) -> str:
        """Pass over one of some keywords, if it comes next."""
        word = self.word()
        if word not in words or not word:
            return ""
        self.rest = self.rest.cdr
        return word

    def cell(self, what: str) -> Cell:
        """Pass over the form that must come next."""
        if not isinstance(self.rest, Cell):
            raise Failure(f"the loop ends where {what} should stand")
        cell = self.rest
        self.rest = cell.cdr
        return cell

    def pattern(self) -> Pattern | None:
        """Pass over a name, or a list of names, that is bound; nil binds nothing."""
        cell = self.cell("a name")
        if cell.car is None:
            return None
        if isinstance(cell.car, Cell):
            return _loose(cell.car)
        return a_symbol(cell.car, "a name to bind")


def _loose(form: Cell) -> Pattern:
    """A list of names, of which a list may have fewer or more elements."""
    marked: Datum = form.cdr
    parts: list[Datum] = [form.car]
    while isinstance(marked, Cell):
        parts.append(marked.car)
        marked = marked.cdr
    rest = marked if marked is not None else Symbol("rest")
    words: Datum = Cell(symbol("&rest"), Cell(rest))
    for part in reversed(parts):
        inner = Symbol("nothing") if part is None else part
        words = Cell(Cell(inner), words)
    return parse(Cell(symbol("&optional"), words), True)


def _in(words: Words, pattern: Pattern | None) -> tuple[Step, Step]:
    """The elements of a list, or its tails."""
    whole = words.take("in", "on") == "on"
    source = words.cell("a list")
    by = words.cell("a function") if words.take("by") else None
    key = id(source)

    def first(run: Run) -> None:
        run.state[key] = run.machine.value(source, run.env)
        step = run.machine.value(by, run.env) if by else None
        run.state[-key] = step
        show(run)

    def show(run: Run) -> None:
        rest = run.state[key]
        if not isinstance(rest, Cell):
            raise Ended
        run.set(pattern, rest if whole else rest.car)

    def following(run: Run) -> None:
        step, rest = run.state[-key], run.state[key]
        run.state[key] = rest.cdr if step is None else run.machine.apply(step, rest)
        show(run)

    return first, following


def _across(words: Words, pattern: Pattern | None) -> tuple[Step, Step]:
    """The characters of a string."""
    words.take("across")
    source = words.cell("a string")
    key = id(source)

    def first(run: Run) -> None:
        text = run.machine.value(source, run.env)
        if text.__class__ is not str:
            raise Failure(f"{brief(text)} is no string", span=source.at)
        run.state[key] = iter(text)
        following(run)

    def following(run: Run) -> None:
        letter = next(run.state[key], None)
        if letter is None:
            raise Ended
        run.set(pattern, Char(letter))

    return first, following


def _equals(words: Words, pattern: Pattern | None) -> tuple[Step, Step]:
    """A value for the first turn and one for the others."""
    words.take("=")
    start = words.cell("a form")
    then = words.cell("a form") if words.take("then") else start

    def first(run: Run) -> None:
        run.set(pattern, run.machine.value(start, run.env))

    def following(run: Run) -> None:
        run.set(pattern, run.machine.value(then, run.env))

    return first, following


_BOUNDS = {
    "from": 0, "upfrom": 0, "downfrom": 0, "to": 1, "upto": 1, "downto": 1, "below": 1, "above": 1,
    "by": 2,
}  # fmt: skip


def _counting(words: Words, pattern: Pattern | None) -> tuple[Step, Step]:
    """Integers from one to another."""
    parts: list[tuple[str, Cell] | None] = [None, None, None]
    while words.word() in _BOUNDS:
        word = words.take(*_BOUNDS)
        parts[_BOUNDS[word]] = word, words.cell("an integer")
    start, limit, by = parts
    said = {part[0] for part in parts if part}
    down = bool(said & {"downfrom", "downto", "above"})
    key = id(parts)

    def first(run: Run) -> None:
        values = [
            an_integer(run.machine.value(part[1], run.env)) if part else default
            for part, default in ((start, 0), (limit, None), (by, 1))
        ]
        run.state[key] = values
        show(run, parts)

    def show(run: Run, kept: object) -> None:
        at, end, _ = run.state[key]
        if end is not None:
            inside = at >= end if down else at <= end
            if not inside or (at == end and limit and limit[0] in ("below", "above")):
                raise Ended
        run.set(pattern, at)

    def following(run: Run) -> None:
        at, end, step = run.state[key]
        run.state[key] = [checked(at - step if down else at + step), end, step]
        show(run, parts)

    return first, following


def _being(words: Words, pattern: Pattern | None) -> tuple[Step, Step]:
    """The keys or the values of a hash table."""
    from kring.frontend.lisp.host.tables import a_table

    words.take("being")
    words.take("the", "each")
    what = words.take("hash-key", "hash-keys", "hash-value", "hash-values")
    if not what or not words.take("of", "in"):
        raise Failure("write `being the hash-keys of table`, or hash-values")
    source = words.cell("a hash table")
    keys = what.startswith("hash-key")
    other: Pattern | None = None
    if words.take("using"):
        using = words.cell("a clause").car
        if isinstance(using, Cell) and isinstance(using.cdr, Cell):
            other = a_symbol(using.cdr.car)
    key = id(source)

    def first(run: Run) -> None:
        table = a_table(run.machine.value(source, run.env))
        run.state[key] = iter(list(table.entries.values()))
        following(run)

    def following(run: Run) -> None:
        entry = next(run.state[key], None)
        if entry is None:
            raise Ended
        run.set(pattern, entry[0] if keys else entry[1])
        run.set(other, entry[1] if keys else entry[0])

    return first, following


ITERATIONS: dict[str, Callable[[Words, Pattern | None], tuple[Step, Step]]] = {
    "in": _in,
    "on": _in,
    "across": _across,
    "=": _equals,
    "being": _being,
    **dict.fromkeys(_BOUNDS, _counting),
}
