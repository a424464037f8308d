"""How values are written: symbols in upper case, as Common Lisp writes them."""

from __future__ import annotations

from kring.frontend.lisp.forms import Cell, Char, Symbol, show
from kring.frontend.lisp.host.data import (
    LONGEST,
    Condition,
    Datum,
    Env,
    Failure,
    Function,
    T,
    a_symbol,
    brief,
    items,
    text,
)
from kring.frontend.lisp.host.machine import FUNCTIONS, SPECIAL, Machine, Row
from kring.frontend.lisp.host.special import operands_of, skip_declarations
from kring.frontend.lisp.host.strings import a_base
from kring.record import field, record

_MARKS = {
    "quote": "'",
    "function": "#'",
    "quasiquote": "`",
    "unquote": ",",
    "unquote-splicing": ",@",
}


def printed(machine: Machine, value: Datum, escaped: bool = False) -> str:
    """A value as `princ` writes it, or as `prin1` does, which can be read again."""
    parts: list[str] = []
    _print(machine, value, escaped, parts)
    return text("".join(parts))


def _print(machine: Machine, value: Datum, escaped: bool, parts: list[str]) -> None:
    machine.spend(1)
    if not isinstance(value, Cell):
        parts.append(_atom(value, escaped))
        return
    mark = _MARKS.get(value.car.name) if isinstance(value.car, Symbol) else None
    if mark and isinstance(value.cdr, Cell) and value.cdr.cdr is None:
        parts.append(mark)
        _print(machine, value.cdr.car, escaped, parts)
        return
    between = "("
    rest: Datum = value
    while isinstance(rest, Cell):
        parts.append(between)
        _print(machine, rest.car, escaped, parts)
        between, rest = " ", rest.cdr
    if rest is not None:
        parts.append(" . ")
        _print(machine, rest, escaped, parts)
    parts.append(")")


def _atom(value: Datum, escaped: bool) -> str:
    if value is None:
        return "NIL"
    if isinstance(value, Char):
        return show(value) if escaped else str(value)
    if isinstance(value, str):
        return show(value) if escaped else value
    if isinstance(value, Symbol):
        return show(value).upper() if escaped else value.name.removeprefix(":").upper()
    if isinstance(value, Condition):
        return value.message
    if isinstance(value, Function):
        return f"#<FUNCTION {value.name.upper()}>"
    return str(value) if value.__class__ is int else f"#<{type(value).__name__.upper()}>"


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def based(value: int, base: int) -> str:
    """An integer written to a base."""
    if base == 10:
        return str(value)
    digits, rest = "", abs(value)
    while rest or not digits:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
    return f"-{digits}" if value < 0 else digits


# Functions that write


@record(eq=False, frozen=False)
class Stream:
    """The text that `with-output-to-string` gathers."""

    parts: list[str] = field(default_factory=list[str])
    size: int = 0

    def write(self, written: str) -> None:
        self.size += len(written)
        if self.size > LONGEST:
            raise Failure(f"a string of over {LONGEST} characters")
        self.parts.append(written)


def put(machine: Machine, target: Datum, written: str) -> None:
    """Write to what gathers a text, or tell the author of the file."""
    if isinstance(target, Stream):
        target.write(written)
    elif target is not None and target is not T:
        raise Failure(f"{brief(target)} is nothing to write to")
    elif machine.tell is not None and written.strip():
        machine.tell(machine.here, written.strip())


def _with_output(machine: Machine, form: Cell, env: Env) -> Datum:
    head = operands_of(form, 1, None, "(name) form…")[0]
    names = items(machine, head.car)
    stream, new = Stream(), Env(env)
    if not names:
        raise Failure(f"{brief(head.car)} binds nothing", "write `(name)`", span=head.at)
    new.variables[a_symbol(names[0])] = stream
    machine.body(skip_declarations(head.cdr), new)
    return "".join(stream.parts)


def _writes(escaped: bool, before: str = "", behind: str = "") -> Row:
    def call(machine: Machine, value: Datum, stream: Datum = None) -> Datum:
        put(machine, stream, before + printed(machine, value, escaped) + behind)
        return value

    return Row("value [stream]", call)


def _line(machine: Machine, stream: Datum = None) -> Datum:
    put(machine, stream, "\n")
    return None


def _princ(machine: Machine, value: Datum) -> Datum:
    return printed(machine, value)


def _prin1(machine: Machine, value: Datum, *, base: Datum = 10, radix: Datum = None) -> Datum:
    if value.__class__ is int:
        return based(value, a_base(base))
    return printed(machine, value, True)


SPECIAL["with-output-to-string"] = _with_output
FUNCTIONS.update(
    {
        "princ-to-string": Row("value", _princ),
        "prin1-to-string": Row("value", _prin1),
        "write-to-string": Row("value", _prin1, "base radix"),
        "princ": _writes(False),
        "prin1": _writes(True),
        "print": _writes(True, "\n", " "),
        "write-string": _writes(False),
        "write-line": _writes(False, behind="\n"),
        "write-char": _writes(False),
        "terpri": Row("[stream]", _line),
    }
)
