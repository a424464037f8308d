"""The control strings of `format`, taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from kring.frontend.lisp.forms import Char
from kring.frontend.lisp.host.data import Datum, Failure
from kring.record import field, record


@record(eq=False)
class Directive:
    """What stands behind a tilde; `clauses` are what it encloses, parted by `~;`."""

    letter: str
    params: list[Datum]
    colon: bool
    at: bool
    clauses: list[list[Part]] = field(default_factory=list["list[Part]"])


Part: TypeAlias = "str | Directive"


_CLOSED_BY = {"{": "}", "[": "]", "(": ")"}


def parsed(control: str, known: Iterable[str]) -> list[Part]:
    """The parts of a control string, whose directives have known letters."""
    return _clauses(control, 0, "", known)[0][0]


def _clauses(
    control: str, at: int, until: str, known: Iterable[str]
) -> tuple[list[list[Part]], int]:
    """The parts from a place up to the directive that closes them, and where that ends."""
    parts: list[Part] = []
    found = [parts]
    while at < len(control):
        tilde = control.find("~", at)
        if tilde < 0:
            parts.append(control[at:])
            at = len(control)
            break
        if tilde > at:
            parts.append(control[at:tilde])
        directive, at = _directive(control, tilde + 1)
        letter = directive.letter
        if letter and letter == until:
            return found, at
        if letter == ";" and until == "]":
            parts = []
            found.append(parts)
            if directive.colon:
                parts.append(directive)
        elif letter in _CLOSED_BY:
            inner, at = _clauses(control, at, _CLOSED_BY[letter], known)
            directive.clauses.extend(inner)
            parts.append(directive)
        elif letter == "\n":
            at = len(control) - len(control[at:].lstrip())
        elif letter in known:
            parts.append(directive)
        else:
            listed = " ".join(f"~{one}" for one in sorted(known) if one > " ")
            raise Failure(f"format knows no ~{letter}", f"it knows: {listed}")
    if until:
        raise Failure(f"the text of format has no ~{until} for what it opens")
    return found, at


def _directive(control: str, at: int) -> tuple[Directive, int]:
    """The directive whose parameters begin here."""
    params: list[Datum] = []
    while at < len(control):
        value, size = _parameter(control, at)
        if size:
            params.append(value)
            at += size
        if control[at : at + 1] != ",":
            break
        if not size:
            params.append(None)
        at += 1
    marks = ""
    while control[at : at + 1] in (":", "@"):
        marks += control[at]
        at += 1
    if at >= len(control):
        raise Failure("the text of format ends behind a tilde", "a tilde itself is written `~~`")
    return Directive(control[at].lower(), params, ":" in marks, "@" in marks), at + 1


def _parameter(control: str, at: int) -> tuple[Datum, int]:
    """A parameter and its length: a number, `'c`, or `v` and `#`, which are found later."""
    letter = control[at]
    if letter == "'" and at + 1 < len(control):
        return Char(control[at + 1]), 2
    if letter in "vV#":
        return letter.lower(), 1
    size = letter in "+-" and control[at + 1 : at + 2].isdecimal()
    end = at + size
    while control[end : end + 1].isdecimal() and end - at < 20:
        end += 1
    return (int(control[at:end]), end - at) if end > at else (None, 0)
