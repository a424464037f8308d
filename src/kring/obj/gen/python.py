"""Records as a module of Python: classes of kring's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword
from typing import Final

from kring.obj.gen.layout import Pad, Part, Unit, natural, needed, whole
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
    size_of,
)
from kring.obj.gen.words import free_name, renamed

_NUMBERS: Final = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "be16", "be32", "be64")
_OFFERED: Final = frozenset(("Struct", "array", "bits", "char", "sizeof", *_NUMBERS))
_LINE: Final = 88
_MEANT: Final = frozenset(
    ("", "IntEnum", "Struct", "array", "bits", "bytes", "char", "sizeof", "str", "tuple", *_NUMBERS)
)
"""Names that the module uses for something else."""


def declare(records: Records, name: str, source: str) -> str:
    """The text of a module that declares what `source` has."""
    body = [f"{name} = {value}" for name, value in records.constants.items()]
    body = ["", *body] if body else []
    for enum in records.enums:
        body += ["", "", *_enum(enum)]
    # a class whose name is a field's too would be that field to what stands below it
    fields = {field.name for record in records.records for field in record.fields}
    for record in records.records:
        if not record.is_union:
            made = _titled(record, fields)
            assert isinstance(made, Record)
            body += ["", "", *_struct(made, records.uses.get(record.name, []))]
    code = " ".join(line.partition("#")[0] for line in body)
    used = sorted(_OFFERED & set(re.findall(r"\w+", code)))
    imported = f"from kring import {', '.join(used)}"
    if len(imported) > _LINE:
        imported = "\n".join(["from kring import (", *(f"    {name}," for name in used), ")"])
    lines = [
        f'"""Structs that {source} keeps in its maps; made by `kring build --gen python`."""',
        *(["", "from enum import IntEnum"] if records.enums else []),
        *(["", imported] if used else []),
    ]
    return "\n".join([*lines, *body, ""])


def _enum(enum: Enumeration) -> Iterator[str]:
    yield f"class {_name(enum.name)}(IntEnum):"
    yield from (f"    {_name(name)} = {value}" for name, value in enum.values)


def _titled(kind: Kind, fields: set[str]) -> Kind:
    """The same with the names that its structs have as classes."""
    match kind:
        case Record(name, size, inner, is_union):
            own = tuple(Field(f.name, _titled(f.kind, fields), f.bit, f.width) for f in inner)
            return Record(f"{name}_" if name in fields else name, size, own, is_union)
        case Row(element, count):
            return Row(_titled(element, fields), count)
        case _:
            return kind


def _struct(record: Record, uses: list[str]) -> Iterator[str]:
    name = _name(record.name)
    yield f"class {name}(Struct):"
    if uses:
        yield f'    """{_sentence(uses)}."""'
        yield ""
    taken: set[str] = set()
    own = {f.name: renamed(_name(f.name), taken) for f in record.fields if f.name}
    for part in needed(_shown(record)) or ():
        yield f"    {_part(part, own, taken)}"
    yield ""
    yield ""
    yield f"assert sizeof({name}) == {record.size}"


def _shown(record: Record) -> Record:
    """The struct as a class has it: unions, and rows of what a class has no rows of, are bytes; and
    so is every field of a struct that a class could not lay out."""
    plain = Record(record.name, record.size, tuple(_plain(field) for field in record.fields))
    return plain if natural(plain) is not None else _bare(record)


def _plain(field: Field) -> Field:
    match field.kind:
        case Row(Record(is_union=False) as element, count):
            return Field(field.name, Row(_shown(element), count), field.bit)
        case Record(is_union=False) as inner:
            return Field(field.name, _shown(inner), field.bit)
        case Record() | Row(Record() | Row() | Text() | Raw()):
            return Field(field.name, _bytes(field.kind), field.bit)
        case _:
            return field


def _bare(record: Record) -> Record:
    fields: list[Field] = []
    for part in whole(record):
        if isinstance(part, Field):
            fields.append(Field(part.name, _bytes(part.kind), part.bit))
        elif isinstance(part, Unit):
            what = ", ".join(f"{field.name}: {field.width}" for field in part.fields)
            note = f"bit fields, lowest first: {what}"
            fields.append(Field("", Raw(part.size, note), part.offset * 8))
    return Record(record.name, record.size, tuple(fields))


def _bytes(kind: Kind) -> Kind:
    if isinstance(kind, Text | Raw) or (isinstance(kind, Number) and kind.size == 1):
        return kind
    return Raw(size_of(kind), _what(kind))


def _what(kind: Kind) -> str:
    match kind:
        case Number():
            return _number(kind)
        case Record():
            return f"{'union' if kind.is_union else 'struct'} {kind.name}".strip()
        case Row(element=element, count=count):
            return f"{_what(element)}[{count}]"
        case Text(size=size):
            return f"char[{size}]"
        case Raw(note=note):
            return note


def _part(part: Part, own: dict[str, str], taken: set[str]) -> str:
    if isinstance(part, Pad):
        name = free_name("_pad", taken)
        if part.size:
            return f"{name}: bytes = array({part.size})"
        return f"{name}: u8 = bits({part.bits})"
    name = own.get(part.name) or free_name("anon", taken)
    line = f"{name}: {_type(part)}"
    note = part.kind.note if isinstance(part.kind, Number | Raw) else ""
    return f"{line}  # {note}" if note else line


def _type(field: Field) -> str:
    match field.kind:
        case Number() if field.width:
            return f"{_number(field.kind)} = bits({field.width})"
        case Number():
            return _number(field.kind)
        case Text(size=size):
            return f"str = char({size})"
        case Raw(size=size):
            return f"bytes = array({size})"
        case Row(Number(size=1, signed=False), count):
            return f"bytes = array({count})"
        case Row(Number() as element, count):
            return f"tuple[int, ...] = array({count}, {_number(element)})"
        case Row(element, count):
            name = _name(element.name) if isinstance(element, Record) else ""
            return f"tuple[{name}, ...] = array({count}, {name})"
        case Record(name=name):
            return _name(name)


def _number(kind: Number) -> str:
    return f"{'be' if kind.big else 'i' if kind.signed else 'u'}{kind.size * 8}"


def _name(name: str) -> str:
    """A name that is no keyword, has no other meaning, and that a class does not keep to itself."""
    bare = name.lstrip("_") if name.startswith("__") else name
    return f"{bare}_" if iskeyword(bare) or bare in _MEANT else bare


def _sentence(uses: list[str]) -> str:
    text = ", ".join(uses)
    return text[:1].upper() + text[1:]
