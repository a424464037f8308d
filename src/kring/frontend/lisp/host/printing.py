"""`format`, and how values are written: symbols in upper case, as Common Lisp writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from kring.frontend.lisp.forms import Cell, Char, Symbol, show
from kring.frontend.lisp.host.machine import (
    FUNCTIONS,
    LONGEST,
    Condition,
    Datum,
    Failure,
    Function,
    Machine,
    Row,
    an_integer,
    brief,
    items,
    text,
)
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


# Control strings


@record(eq=False)
class _Directive:
    """What stands behind a tilde; `clauses` are what it encloses, parted by `~;`."""

    letter: str
    params: list[Datum]
    colon: bool
    at: bool
    clauses: list[list[_Part]] = field(default_factory=list["list[_Part]"])


_Part: TypeAlias = "str | _Directive"


class _Stop(Exception):
    """`~^` with nothing left."""


@record(eq=False, frozen=False)
class _Output:
    """What has been written, and the arguments with the one that is next."""

    machine: Machine
    args: list[Datum]
    next: int = 0
    written: list[str] = field(default_factory=list[str])
    size: int = 0

    def take(self) -> Datum:
        if self.next >= len(self.args):
            raise Failure("format has fewer values than its text asks for")
        self.next += 1
        return self.args[self.next - 1]

    def write(self, written: str) -> None:
        self.machine.spend(1)
        self.size += len(written)
        if self.size > LONGEST:
            raise Failure(f"a string of over {LONGEST} characters")
        self.written.append(written)


def format_text(machine: Machine, control: str, args: list[Datum]) -> str:
    """What a control string and its values make."""
    parts, _ = _parsed(control, 0, "")
    output = _Output(machine, args)
    try:
        _run(parts, output)
    except _Stop:
        pass
    return "".join(output.written)


_CLOSED_BY = {"{": "}", "[": "]", "(": ")"}


def _parsed(control: str, at: int, until: str) -> tuple[list[_Part], int]:
    """The parts of a control string up to a directive that closes one."""
    clauses, at = _clauses(control, at, until)
    return clauses[0] if clauses else [], at


def _clauses(control: str, at: int, until: str) -> tuple[list[list[_Part]], int]:
    parts: list[_Part] = []
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
            inner, at = _clauses(control, at, _CLOSED_BY[letter])
            directive.clauses.extend(inner)
            parts.append(directive)
        elif letter == "\n":
            at = len(control) - len(control[at:].lstrip())
        elif letter in _WRITE:
            parts.append(directive)
        else:
            known = " ".join(f"~{one}" for one in sorted(_WRITE) if one > " ")
            raise Failure(f"format knows no ~{letter}", f"it knows: {known}")
    if until:
        raise Failure(f"the text of format has no ~{until} for what it opens")
    return found, at


def _directive(control: str, at: int) -> tuple[_Directive, int]:
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
    return _Directive(control[at].lower(), params, ":" in marks, "@" in marks), at + 1


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


def _run(parts: list[_Part], output: _Output) -> None:
    for part in parts:
        if isinstance(part, str):
            output.write(part)
        else:
            _WRITE[part.letter](part, output)


def _number(directive: _Directive, output: _Output, at: int, default: int) -> int:
    value = _param(directive, output, at)
    return default if value is None else an_integer(value)


def _param(directive: _Directive, output: _Output, at: int) -> Datum:
    if at >= len(directive.params):
        return None
    value = directive.params[at]
    if value.__class__ is str:
        return output.take() if value == "v" else len(output.args) - output.next
    return value


def _padded(written: str, width: int, pad: Datum, left: bool) -> str:
    """The text filled up to a width."""
    if width > LONGEST:
        raise Failure(f"a string of {width} characters")
    fill = (str(pad) if pad else " ") * (width - len(written))
    return fill + written if left else written + fill


def _value(escaped: bool) -> Callable[[_Directive, _Output], None]:
    def write(directive: _Directive, output: _Output) -> None:
        width = _number(directive, output, 0, 0)
        pad = _param(directive, output, 3)
        value = output.take()
        written = printed(output.machine, value, escaped)
        if value is None and directive.colon:
            written = "()"
        output.write(_padded(written, width, pad, directive.at))

    return write


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


def _integer(base: int) -> Callable[[_Directive, _Output], None]:
    def write(directive: _Directive, output: _Output) -> None:
        _write_integer(directive, output, base, 0)

    return write


def _write_integer(directive: _Directive, output: _Output, base: int, first: int) -> None:
    width = _number(directive, output, first, 0)
    pad, comma = _param(directive, output, first + 1), _param(directive, output, first + 2)
    interval = _number(directive, output, first + 3, 3)
    value = output.take()
    if value.__class__ is not int:
        output.write(_padded(printed(output.machine, value), width, pad, True))
        return
    digits = based(abs(value), base)
    if directive.colon:
        groups: list[str] = []
        while digits:
            groups.insert(0, digits[-max(interval, 1) :])
            digits = digits[: -max(interval, 1)]
        digits = str(comma or ",").join(groups)
    sign = "-" if value < 0 else "+" if directive.at else ""
    output.write(_padded(sign + digits, width, pad, True))


def _radix(directive: _Directive, output: _Output) -> None:
    base = _number(directive, output, 0, 0)
    if not 2 <= base <= 36:
        raise Failure("~r wants a base", "write `~16r`; numbers are not written in words here")
    _write_integer(directive, output, base, 1)


def _character(directive: _Directive, output: _Output) -> None:
    value = output.take()
    if not isinstance(value, Char):
        raise Failure(f"{brief(value)} is no character, as ~c wants one")
    output.write(show(value) if directive.at else str(value))


def _times(letters: str) -> Callable[[_Directive, _Output], None]:
    def write(directive: _Directive, output: _Output) -> None:
        count = _number(directive, output, 0, 1)
        output.write(_padded("", count * len(letters), letters, False) if count > 0 else "")

    return write


def _fresh_line(directive: _Directive, output: _Output) -> None:
    if output.written and not output.written[-1].endswith("\n"):
        output.write("\n")


def _skip(directive: _Directive, output: _Output) -> None:
    count = _number(directive, output, 0, 0 if directive.at else 1)
    where = count if directive.at else output.next + (-count if directive.colon else count)
    if not 0 <= where <= len(output.args):
        raise Failure("format has fewer values than its text skips")
    output.next = where


def _plural(directive: _Directive, output: _Output) -> None:
    if directive.colon:
        output.next = max(output.next - 1, 0)
    one = output.take() == 1
    output.write(("y" if one else "ies") if directive.at else ("" if one else "s"))


def _column(directive: _Directive, output: _Output) -> None:
    """Blanks up to a column."""
    line = "".join(output.written).rpartition("\n")[2]
    output.write(_padded("", max(_number(directive, output, 0, 1) - len(line), 1), None, False))


def _iterate(directive: _Directive, output: _Output) -> None:
    """`~{…~}`: the text for each element of a list, or with `@` of the values that are left."""
    most = _number(directive, output, 0, -1)
    if directive.at:
        values = output.args[output.next :]
        output.next = len(output.args)
    else:
        values = items(output.machine, output.take())
    inner = _Output(output.machine, values, size=output.size)
    try:
        for _ in _turns(directive, inner, most):
            pass
    except _Stop:
        pass
    output.write("".join(inner.written))


def _turns(directive: _Directive, inner: _Output, most: int) -> Iterator[None]:
    parts = directive.clauses[0]
    count = 0
    while inner.next < len(inner.args) and count != most:
        inner.machine.spend(1)
        count += 1
        before = inner.next
        if directive.colon:
            turn = _Output(inner.machine, items(inner.machine, inner.take()))
            try:
                _run(parts, turn)
            except _Stop:
                pass
            inner.write("".join(turn.written))
        else:
            _run(parts, inner)
            if inner.next == before:
                raise Failure("~{ takes no values in its turns, and never ends")
        yield


def _choose(directive: _Directive, output: _Output) -> None:
    """`~[…~;…~]`: one of some texts, by a number or by whether there is a value."""
    clauses = directive.clauses
    if directive.at:
        if output.take() is not None:
            output.next -= 1
            _run(clauses[0], output)
        return
    if directive.colon:
        _run(clauses[output.take() is not None], output)
        return
    which = _number(directive, output, 0, -1) if directive.params else an_integer(output.take())
    default = clauses[-1][:1] and isinstance(clauses[-1][0], _Directive)
    if 0 <= which < len(clauses):
        _run([part for part in clauses[which] if not _parts_from(part)], output)
    elif default and _parts_from(clauses[-1][0]):
        _run(clauses[-1][1:], output)


def _parts_from(part: _Part) -> bool:
    """Whether a part is the `~:;` before a default."""
    return isinstance(part, _Directive) and part.letter == ";"


def _case(directive: _Directive, output: _Output) -> None:
    inner = _Output(output.machine, output.args, output.next)
    try:
        _run(directive.clauses[0], inner)
    finally:
        written = "".join(inner.written)
        output.next = inner.next
        if directive.colon:
            written = written.upper() if directive.at else written.title()
        else:
            written = written.capitalize() if directive.at else written.lower()
        output.write(written)


def _escape(directive: _Directive, output: _Output) -> None:
    if output.next >= len(output.args):
        raise _Stop


def _indirect(directive: _Directive, output: _Output) -> None:
    control = output.take()
    if control.__class__ is not str:
        raise Failure(f"{brief(control)} is no text for ~?")
    args = output.args[output.next :] if directive.at else items(output.machine, output.take())
    output.next = len(output.args) if directive.at else output.next
    output.write(format_text(output.machine, control, args))


_WRITE: dict[str, Callable[[_Directive, _Output], None]] = {
    "a": _value(False),
    "s": _value(True),
    "d": _integer(10),
    "x": _integer(16),
    "o": _integer(8),
    "b": _integer(2),
    "r": _radix,
    "c": _character,
    "%": _times("\n"),
    "~": _times("~"),
    "&": _fresh_line,
    "*": _skip,
    "p": _plural,
    "t": _column,
    "{": _iterate,
    "[": _choose,
    "(": _case,
    "^": _escape,
    "?": _indirect,
    "\n": _escape,
}


def _format(machine: Machine, target: Datum, control: Datum, *args: Datum) -> Datum:
    if target is not None:
        raise Failure("macros have no output", "write `(format nil …)`, whose value is the text")
    if control.__class__ is not str:
        raise Failure(f"{brief(control)} is no text for format")
    return format_text(machine, control, list(args))


def _princ(machine: Machine, value: Datum) -> Datum:
    return printed(machine, value)


def _prin1(machine: Machine, value: Datum, *, base: Datum = 10, radix: Datum = None) -> Datum:
    if value.__class__ is int:
        return based(value, a_base(base))
    return printed(machine, value, True)


FUNCTIONS.update(
    {
        "format": Row("nil text value…", _format),
        "princ-to-string": Row("value", _princ),
        "prin1-to-string": Row("value", _prin1),
        "write-to-string": Row("value", _prin1, "base radix"),
    }
)
