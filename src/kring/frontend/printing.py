"""`print` in programs: one line of the kernel's trace, formatted by a helper.

In: the call. Out: a call of `trace_printk`, or of `trace_vprintk` for more values than it takes.
The text stands in a read-only map, where compilers put it; the kernel's format knows less than
Python's, and what it lacks is refused.
"""

from __future__ import annotations

import ast
import re

from kring.decl.types import Char
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate
from kring.frontend.frame import Frame, cure
from kring.frontend.texts import address, copy_text, encoded, in_memory
from kring.frontend.values import Num, Static, Text, describe
from kring.ir.core import Mem, Space, Value

_FEW = 3
"""The most values that trace_printk takes."""
_MOST = 12
"""The most values that trace_vprintk takes. See: MAX_BPRINTF_VARARGS."""
_SPEC = re.compile(r"([<>]?)([+ ]?)(#?)(0?)([1-9][0-9]*)?([dxXs]?)")
_PLAIN = re.compile(r"[\t\n -~]*")
"""Text that may stand in a format; other text is passed as a string of its own."""

Piece = tuple[str, Value | None]
"""A part of the format, and the value it shows."""


def print_line(frame: Frame, node: ast.Call) -> Static:
    """Build a call of `print`."""
    if node.keywords:
        refuse(
            frame.at(node.keywords[0]),
            "print() in a program takes no named arguments",
            "values are separated by spaces, and each call is a line of the trace",
        )
    pieces: list[Piece] = []
    for arg in node.args:
        if arg is not node.args[0]:
            pieces.append((" ", None))
        pieces += _argument(frame, arg)
    span = frame.at(node)
    values = [value for _, value in pieces if value is not None]
    if len(values) > _MOST:
        refuse(
            span,
            f"a line of the trace shows at most {_MOST} values, and this has {len(values)}",
            "print twice, or send the values as a record",
        )
    _emit(frame.b, "".join(text for text, _ in pieces), values)
    return Static(None)


def _emit(b: Builder, format: str, values: list[Value]) -> None:
    text = encoded(format) + b"\0"
    place, size = b.constant(text), b.const(len(text))
    if len(values) <= _FEW:
        b.call("trace_printk", place, size, *values)
        return
    slot = b.stack(8 * len(values))
    for at, value in enumerate(values):
        b.store(slot, Mem(8 * at, 8), value)
    b.call("trace_vprintk", place, size, slot, b.const(8 * len(values)))


def _argument(frame: Frame, node: ast.expr) -> list[Piece]:
    if not isinstance(node, ast.JoinedStr):
        return [_shown(frame, node, "", 0)]
    pieces: list[Piece] = []
    for part in node.values:
        match part:
            case ast.Constant(str() as text):
                pieces.append(_text(frame.b, text))
            case ast.FormattedValue(value, conversion, spec):
                pieces.append(_shown(frame, value, _spec(frame, spec), max(conversion, 0)))
            case _:
                refuse(frame.at(part), "this part of an f-string is not known to a program")
    return pieces


def _spec(frame: Frame, spec: ast.expr | None) -> str:
    match spec:
        case None:
            return ""
        case ast.JoinedStr([ast.Constant(str() as text)]):
            return text
        case _:
            refuse(frame.at(spec), "a format must be known now: no `{…}` inside")


def _text(b: Builder, text: str) -> Piece:
    """Text as it is; what a format may not hold is a value of its own."""
    if _PLAIN.fullmatch(text):
        return text.replace("%", "%%"), None
    return "%s", b.constant(encoded(text) + b"\0")


def _shown(frame: Frame, node: ast.expr, spec: str, conversion: int) -> Piece:
    """What shows one value."""
    val = evaluate(frame, node)
    span = frame.at(node)
    quote = ""
    if conversion == ord("a"):
        refuse(span, "a program cannot write `!a`", "write the value without it")
    match val:
        case Text("literal", literal=literal) if not spec and not conversion:
            return _text(frame.b, literal)
        case Text():
            quote = "'" if conversion == ord("r") else ""
            format, value = _string_format(frame, node, spec), _string(frame.b, val)
        case Num(value, signed):
            format = _number_format(frame, node, spec, signed)
        case _:
            refuse(span, f"print() shows integers and strings; this is {describe(val)}", *cure(val))
    return f"{quote}{format}{quote}", value


def _number_format(frame: Frame, node: ast.expr, spec: str, signed: bool) -> str:
    found = _SPEC.fullmatch(spec)
    align, sign, hash, zero, width, kind = found.groups("") if found else ("",) * 6
    hexadecimal = kind in ("x", "X")
    if not found or kind == "s" or (hash and not hexadecimal) or (hash and width and not zero):
        _refuse_spec(
            frame, node, spec, "integers: `d`, `x`, `X`, `#x`, a width as in `08x` or `<8`"
        )
    if hexadecimal:
        sign = ""
    digits = int(width or 0) - 2 * bool(hash)
    flags = ("-" if align == "<" else "0" if zero else "") + sign
    size = str(digits) if digits > 0 else ""
    verb = kind if hexadecimal else "d" if signed else "u"
    return f"{'0' + kind if hash else ''}%{flags if size or sign else sign}{size}ll{verb}"


def _string_format(frame: Frame, node: ast.expr, spec: str) -> str:
    found = _SPEC.fullmatch(spec)
    align, sign, hash, zero, width, kind = found.groups("") if found else ("",) * 6
    if not found or sign or hash or zero or kind not in ("", "s"):
        _refuse_spec(frame, node, spec, "strings: a width, as in `16` or `>16`")
    return f"%{'' if align == '>' or not width else '-'}{width}s"


def _refuse_spec(frame: Frame, node: ast.expr, spec: str, known: str) -> None:
    refuse(
        frame.at(node),
        f"the kernel's trace has no format `:{spec}` for this",
        f"it has for {known}",
    )


def _string(b: Builder, text: Text) -> Value:
    """Where the helper finds a string, which ends in a NUL there."""
    match text:
        case Text("literal"):
            return b.constant(encoded(text.literal) + b"\0")
        case Text("comm"):
            found = in_memory(b, text, 0)
            assert found.address is not None
            return found.address
        case Text("memory", Value() as place, size) if place.type.space is Space.PACKET:
            slot = b.stack(size + 1)
            copy_text(b, slot, Char(size + 1), text)
            return slot
        case _:
            return address(b, text)
