"""`format`: what each directive of a control string writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kring.frontend.lisp.forms import Char, show
from kring.frontend.lisp.host.controls import Directive, Part, parsed
from kring.frontend.lisp.host.data import LONGEST, Datum, Failure, an_integer, brief, items
from kring.frontend.lisp.host.machine import FUNCTIONS, Machine, Row
from kring.frontend.lisp.host.printing import based, printed, put
from kring.record import field, record


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
    parts = parsed(control, _WRITE)
    output = _Output(machine, args)
    try:
        _run(parts, output)
    except _Stop:
        pass
    return "".join(output.written)


def _run(parts: list[Part], output: _Output) -> None:
    for part in parts:
        if isinstance(part, str):
            output.write(part)
        else:
            _WRITE[part.letter](part, output)


def _number(directive: Directive, output: _Output, at: int, default: int) -> int:
    value = _param(directive, output, at)
    return default if value is None else an_integer(value)


def _param(directive: Directive, output: _Output, at: int) -> Datum:
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


def _value(escaped: bool) -> Callable[[Directive, _Output], None]:
    def write(directive: Directive, output: _Output) -> None:
        width = _number(directive, output, 0, 0)
        pad = _param(directive, output, 3)
        value = output.take()
        written = printed(output.machine, value, escaped)
        if value is None and directive.colon:
            written = "()"
        output.write(_padded(written, width, pad, directive.at))

    return write


def _integer(base: int) -> Callable[[Directive, _Output], None]:
    def write(directive: Directive, output: _Output) -> None:
        _write_integer(directive, output, base, 0)

    return write


def _write_integer(directive: Directive, output: _Output, base: int, first: int) -> None:
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


def _radix(directive: Directive, output: _Output) -> None:
    base = _number(directive, output, 0, 0)
    if not 2 <= base <= 36:
        raise Failure("~r wants a base", "write `~16r`; numbers are not written in words here")
    _write_integer(directive, output, base, 1)


def _character(directive: Directive, output: _Output) -> None:
    value = output.take()
    if not isinstance(value, Char):
        raise Failure(f"{brief(value)} is no character, as ~c wants one")
    output.write(show(value) if directive.at else str(value))


def _times(letters: str) -> Callable[[Directive, _Output], None]:
    def write(directive: Directive, output: _Output) -> None:
        count = _number(directive, output, 0, 1)
        output.write(_padded("", count * len(letters), letters, False) if count > 0 else "")

    return write


def _fresh_line(directive: Directive, output: _Output) -> None:
    if output.written and not output.written[-1].endswith("\n"):
        output.write("\n")


def _skip(directive: Directive, output: _Output) -> None:
    count = _number(directive, output, 0, 0 if directive.at else 1)
    where = count if directive.at else output.next + (-count if directive.colon else count)
    if not 0 <= where <= len(output.args):
        raise Failure("format has fewer values than its text skips")
    output.next = where


def _plural(directive: Directive, output: _Output) -> None:
    if directive.colon:
        output.next = max(output.next - 1, 0)
    one = output.take() == 1
    output.write(("y" if one else "ies") if directive.at else ("" if one else "s"))


def _column(directive: Directive, output: _Output) -> None:
    """Blanks up to a column."""
    line = "".join(output.written).rpartition("\n")[2]
    output.write(_padded("", max(_number(directive, output, 0, 1) - len(line), 1), None, False))


def _iterate(directive: Directive, output: _Output) -> None:
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


def _turns(directive: Directive, inner: _Output, most: int) -> Iterator[None]:
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


def _choose(directive: Directive, output: _Output) -> None:
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
    default = clauses[-1][:1] and isinstance(clauses[-1][0], Directive)
    if 0 <= which < len(clauses):
        _run([part for part in clauses[which] if not _parts_from(part)], output)
    elif default and _parts_from(clauses[-1][0]):
        _run(clauses[-1][1:], output)


def _parts_from(part: Part) -> bool:
    """Whether a part is the `~:;` before a default."""
    return isinstance(part, Directive) and part.letter == ";"


def _case(directive: Directive, output: _Output) -> None:
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


def _escape(directive: Directive, output: _Output) -> None:
    if output.next >= len(output.args):
        raise _Stop


def _indirect(directive: Directive, output: _Output) -> None:
    control = output.take()
    if control.__class__ is not str:
        raise Failure(f"{brief(control)} is no text for ~?")
    args = output.args[output.next :] if directive.at else items(output.machine, output.take())
    output.next = len(output.args) if directive.at else output.next
    output.write(format_text(output.machine, control, args))


_WRITE: dict[str, Callable[[Directive, _Output], None]] = {
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
    if control.__class__ is not str:
        raise Failure(f"{brief(control)} is no text for format")
    if target is None:
        return format_text(machine, control, list(args))
    put(machine, target, format_text(machine, control, list(args)))
    return None


FUNCTIONS["format"] = Row("target text value…", _format)
