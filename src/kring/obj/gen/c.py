"""Records as a header of C, or of C++."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.obj.gen.layout import Pad, Part, align_of, natural
from kring.obj.gen.records import Enumeration, Field, Kind, Number, Raw, Record, Records, Row, Text
from kring.obj.gen.words import free_name, words
from kring.spelling import c_name

_KEYWORDS: Final = words(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const
    constexpr const_cast continue default delete do double dynamic_cast else enum errno explicit
    export extern false float for friend goto i386 if inline int linux long mutable namespace new
    noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast restrict return short signed sizeof static static_assert static_cast struct
    switch template this thread_local throw true try typedef typeid typename typeof union unix
    unsigned using virtual void volatile wchar_t while xor xor_eq
    """
)
"""Of C and C++, and what compilers or <errno.h> define as macros."""
_KERNEL: Final = words(
    """
    bpf_dynptr bpf_list_head bpf_list_node bpf_rb_node bpf_rb_root bpf_refcount bpf_spin_lock
    bpf_timer bpf_wq
    """
)
"""Structs that <linux/bpf.h> has, the newer ones only of late: declared as numbers."""


def declare(records: Records, name: str, source: str) -> str:
    """The text of a header named `name` that declares what `source` has."""
    guard = f"{c_name(name).upper()}_H"
    wanted = [record for record in records.records if record.name not in _KERNEL]
    includes = ("<assert.h>", "<stddef.h>", "<linux/types.h>")
    lines = [
        f"/* Structs that {source} keeps in its maps; made by `kring build --gen c`. */",
        *(f"#ifndef {guard}", f"#define {guard}", ""),
        *(f"#include {include}" for include in includes),
    ]
    defines = [f"#define {name} {_constant(value)}" for name, value in records.constants.items()]
    lines += ["", *defines] if defines else []
    for enum in records.enums:
        lines += ["", *_enum(enum)]
    for record in wanted:
        lines += ["", *_comment(records.uses.get(record.name, [])), *_struct(record)]
    return "\n".join([*lines, "", f"#endif /* {guard} */", ""])


def _comment(uses: list[str]) -> Iterator[str]:
    if uses:
        yield f"/* {', '.join(uses)} */"


def _enum(enum: Enumeration) -> Iterator[str]:
    """Constants without a type: what holds them is a number of its own size."""
    yield f"/* enum {enum.name} */"
    yield "enum {"
    yield from (f"\t{_name(name)} = {_constant(value)}," for name, value in enum.values)
    yield "};"


def _constant(value: int) -> str:
    if value < 0:
        return f"({value})"
    return f"{value}ULL" if value > 0x7FFF_FFFF_FFFF_FFFF else str(value)


def _struct(record: Record) -> Iterator[str]:
    tag = f"{'union' if record.is_union else 'struct'} {record.name}"
    packed, body = _body(record, "\t")
    yield f"{tag} {{"
    yield from body
    yield f"}}{' __attribute__((packed))' * packed};"
    yield f'static_assert(sizeof({tag}) == {record.size}, "size of {tag}");'
    for field in record.fields:
        if field.name and not field.width:
            place = f"offsetof({tag}, {_name(field.name)}) == {field.bit // 8}"
            yield f'static_assert({place}, "place of {tag}.{field.name}");'


def _body(record: Record, indent: str) -> tuple[bool, list[str]]:
    """Whether the struct must be packed, and its fields."""
    parts: list[Part] | None = list(record.fields) if record.is_union else natural(record)
    packed = parts is None
    if parts is None:
        parts = natural(record, packed=True) or []
    taken = {field.name for field in record.fields}
    lines: list[str] = []
    for part in parts:
        if isinstance(part, Pad):
            lines.append(indent + _pad(part, taken))
        elif isinstance(part.kind, Record) and not part.kind.name:
            lines += _inline(part.kind, indent)
        else:
            lines.append(f"{indent}{_field(part)}")
    return packed, lines


def _inline(record: Record, indent: str) -> Iterator[str]:
    """A union or struct without a name, whose fields are the outer one's."""
    packed, body = _body(record, indent + "\t")
    yield f"{indent}{'union' if record.is_union else 'struct'} {{"
    yield from body
    yield f"{indent}}}{' __attribute__((packed))' * packed};"


def _pad(pad: Pad, taken: set[str]) -> str:
    return f"__u8 : {pad.bits};" if pad.bits else f"__u8 {free_name('__pad', taken)}[{pad.size}];"


def _field(field: Field) -> str:
    type, suffix = _type(field.kind)
    width = f" : {field.width}" if field.width else ""
    note = _note(field.kind)
    return f"{type} {_name(field.name)}{suffix}{width};" + (f" /* {note} */" if note else "")


def _note(kind: Kind) -> str:
    while isinstance(kind, Row):
        kind = kind.element
    if isinstance(kind, Record):
        return f"struct {kind.name}" if kind.name in _KERNEL else ""
    return kind.note if isinstance(kind, Number | Raw) else ""


def _type(kind: Kind) -> tuple[str, str]:
    """What stands before a field's name, and what behind it."""
    match kind:
        case Number(size=size, signed=signed, big=big):
            return f"__{'be' if big else 's' if signed else 'u'}{size * 8}", ""
        case Text(size=size):
            return "char", f"[{size}]"
        case Raw(size=size):
            return "__u8", f"[{size}]"
        case Row(element=element, count=count):
            type, suffix = _type(element)
            return type, f"[{count}]{suffix}"
        case Record(name=name, size=size) if name in _KERNEL:
            align = align_of(kind)
            return f"__u{align * 8}", f"[{size // align}]"
        case Record():
            return f"{'union' if kind.is_union else 'struct'} {kind.name}", ""


def _name(name: str) -> str:
    return f"{name}_" if name in _KEYWORDS else name
