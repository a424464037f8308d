"""Records as a module of Rust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.obj.gen.layout import Pad, Unit, Whole, whole
from kring.obj.gen.records import (
    Enumeration,
    Field,
    Kind,
    Number,
    Raw,
    Record,
    Records,
    Row,
    Text,
    note_of,
)
from kring.obj.gen.words import free_name, words

_KEYWORDS: Final = words(
    """
    abstract as async await become box break const continue do dyn else enum extern false final fn
    for gen if impl in let loop macro match mod move mut override priv pub ref return static struct
    trait true try type typeof unsafe unsized use virtual where while yield
    """
)
_NEVER_RAW: Final = frozenset(("self", "Self", "super", "crate", "_"))
_NETWORK: Final = "Network byte order: read it with `u{bits}::from_be`."


def declare(records: Records, name: str, source: str) -> str:
    """The text of a module that declares what `source` has."""
    lines = [
        f"// Structs that {source} keeps in its maps; made by `kring build --gen rust`.",
        "",
        "#![allow(dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]",
        *[""] * bool(records.constants),
    ]
    for name, value in records.constants.items():
        lines.append(f"pub const {_name(name)}: {'i' if value < 0 else 'u'}64 = {value};")
    for enum in records.enums:
        lines += ["", *_enum(enum)]
    for record in records.records:
        if not record.is_union:
            lines += ["", *_struct(record, records.uses.get(record.name, []))]
    return "\n".join([*lines, ""])


def _enum(enum: Enumeration) -> Iterator[str]:
    """Numbers, not an enum: a program may store what is none of the values."""
    name = _name(enum.name)
    yield f"pub type {name} = {_number(enum.number)};"
    for value, number in enum.values:
        yield f"pub const {_name(value)}: {name} = {number};"


def _struct(record: Record, uses: list[str]) -> Iterator[str]:
    name = _name(record.name)
    taken = {_name(field.name) for field in record.fields}
    parts = whole(record)
    rows = [line for part in parts for line in _part(part, taken)]
    getters = [line for part in parts if isinstance(part, Unit) for line in _getters(part)]
    if uses:
        yield f"/// {', '.join(uses)}"
    yield f"#[repr(C{', packed' * _is_packed(record)})]"
    yield "#[derive(Clone, Copy, Debug)]"
    yield f"pub struct {name} {{"
    yield from rows
    yield "}"
    yield ""
    yield f"const _: () = assert!(core::mem::size_of::<{name}>() == {record.size});"
    if getters:
        yield ""
        yield f"impl {name} {{"
        yield from getters
        yield "}"


def _part(part: Whole, taken: set[str]) -> Iterator[str]:
    match part:
        case Pad(size=size):
            yield f"    pub {free_name('_pad', taken)}: [u8; {size}],"
        case Unit(size=size, fields=fields):
            what = ", ".join(f"{field.name}: {field.width}" for field in fields if field.name)
            yield f"    /// Bit fields, lowest first: {what}."
            yield f"    pub {_bits(part)}: {_unit_type(part)},"
        case Field():
            if note := note_of(part.kind, _NETWORK):
                yield f"    /// {note}"
            name = _name(part.name) if part.name else free_name("anon", taken)
            yield f"    pub {name}: {_type(part.kind)},"


def _bits(unit: Unit) -> str:
    return f"_bits{unit.offset}"


def _unit_type(unit: Unit) -> str:
    return f"[u8; {unit.size}]" if unit.odd else f"u{unit.size * 8}"


def _getters(unit: Unit) -> Iterator[str]:
    bits = unit.size * 8
    if unit.odd:
        return
    for field in unit.fields:
        assert isinstance(field.kind, Number)
        if not field.name:
            continue
        kind = f"{'i' if field.kind.signed else 'u'}{bits}"
        up, down = unit.shifts(field)
        value = f"({{ self.{_bits(unit)} }} << {up}) as {kind} >> {down}"
        yield f"    pub fn {_name(field.name)}(&self) -> {kind} {{"
        yield f"        {value}"
        yield "    }"


def _is_packed(record: Record) -> bool:
    """Whether Rust would move a field, or make the struct larger."""
    return any(
        offset % align or record.size % align
        for offset, align in (_place(part) for part in whole(record))
    )


def _place(part: Whole) -> tuple[int, int]:
    """Where a part is, and the alignment that Rust gives it."""
    match part:
        case Field():
            return part.bit // 8, _align(part.kind)
        case Unit(offset, size):
            return offset, 1 if part.odd else size
        case Pad(offset):
            return offset, 1


def _align(kind: Kind) -> int:
    match kind:
        case Number(size=size):
            return size
        case Row(element=element):
            return _align(element)
        case Record(is_union=False):
            if _is_packed(kind):
                return 1
            return max((_place(part)[1] for part in whole(kind)), default=1)
        case _:
            return 1


def _type(kind: Kind) -> str:
    match kind:
        case Number():
            return _number(kind)
        case Text(size=size) | Raw(size=size):
            return f"[u8; {size}]"
        case Row(element=element, count=count):
            return f"[{_type(element)}; {count}]"
        case Record(is_union=True, size=size):
            return f"[u8; {size}]"
        case Record():
            return _name(kind.name)


def _number(kind: Number) -> str:
    return f"{'i' if kind.signed else 'u'}{kind.size * 8}"


def _name(name: str) -> str:
    if name in _NEVER_RAW:
        return f"{name}_"
    return f"r#{name}" if name in _KEYWORDS else name
