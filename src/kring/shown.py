"""A record as text: its fields for a person, or for JSON; bytes of no known type as a dump.

In: a record. Out: text, or what `json.dumps` takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from kring.decl.coded import Enumerator
from kring.decl.struct import Struct, fields
from kring.decl.types import ArrayType, Char, Coded, FieldType, IntType
from kring.tools.live import printable

# Columns for integers of so many bytes; most of 4 bytes are ids, so the largest may jut out.
_WIDTHS = {1: 4, 2: 6, 4: 8, 8: 20}
_POINTER = 18
_WIDEST_TEXT = 16
_ROW = 16


def plain(value: Any) -> Any:
    """A field's value as JSON knows it; bytes become hexadecimal digits."""
    several: Any = value
    match value:
        case Struct():
            return {field.name: plain(getattr(value, field.name)) for field in fields(type(value))}
        case bytes() | bytearray():
            return value.hex()
        case tuple() | list():
            return [plain(one) for one in several]
        case float() if not isfinite(value):
            return str(value)
        case _:
            return value


def text_of(value: Any, kind: FieldType | None = None) -> str:
    """A field's value for a person: bytes and pointers as hexadecimal digits, structs in braces,
    numbers that have names as these."""
    match value:
        case Struct():
            each = ((f, getattr(value, f.name)) for f in fields(type(value)))
            return "{" + " ".join(f"{f.name}={text_of(one, f.type)}" for f, one in each) + "}"
        case bytes() | bytearray():
            return value.hex()
        case str():
            return printable(value)
        case Enumerator():
            return value.name
        case bool():
            return str(value).lower()
        case int():
            pointer = isinstance(kind, IntType) and kind.pointer
            return f"{value:#x}" if pointer else str(int(value))
        case float():
            return str(value)
        case _:
            inner = kind.element if isinstance(kind, ArrayType) else None
            return ",".join(text_of(one, inner) for one in value)


def width(kind: FieldType) -> int:
    """The columns that most values of a field take, 0 if they differ too much."""
    match kind:
        case IntType(size, pointer=pointer):
            return _POINTER if pointer else _WIDTHS[size]
        case Char(size):
            return min(size, _WIDEST_TEXT)
        case Coded(rest=False):
            return _WIDTHS.get(kind.size, 0)
        case _:
            return 0


def dump(data: bytes) -> Iterator[str]:
    """Lines of an offset, 16 bytes and what they are as text; `*` for lines that repeat."""
    before, repeats = b"", False
    for at in range(0, len(data), _ROW):
        row = data[at : at + _ROW]
        if row == before and at + _ROW < len(data):
            if not repeats:
                yield "*"
            repeats = True
            continue
        before, repeats = row, False
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        halves = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}"
        yield f"{at:04x}  {halves:<49}|{text}|"
