"""The .BTF.ext section of an object: what is known of single instructions, by ELF section.

    header:    u16 magic | u8 version | u8 flags | u32 header length
               (u32 offset, u32 length) of func_info, line_info, core_relo
    each part: u32 record size, then for each ELF section with records
               u32 section name | u32 number of records | records
    func_info: u32 instruction | u32 id of the Func
    line_info: u32 instruction | u32 file | u32 text of the line | u32 line << 10 | column
    core_relo: u32 instruction | u32 type id | u32 access string | u32 kind

Instructions are given in bytes from the start of the ELF section there, in slots of 8 here.
Names are offsets into the strings of the BTF beside it, so it is written before those are.

See: Documentation/bpf/btf.rst, Documentation/bpf/llvm_reloc.rst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from operator import itemgetter
from struct import Struct, pack
from typing import TYPE_CHECKING, Final

from kring.btf.types import MAGIC
from kring.errors import ObjectError
from kring.record import record

if TYPE_CHECKING:
    from kring.btf.blob import Btf
    from kring.btf.write import Builder

_HEADER: Final = 32
_HEADER_WITHOUT_CORE: Final = 24
_COLUMN_BITS: Final = 10
_WIDTHS: Final = (2, 4, 4)
"""Words of a record in each of the three parts."""
_TOO_LATE: Final = 0xFFFFFFFF

_OVERLAP: Final = 8
"""How often strings may be part of each other."""

Row = tuple[int, ...]
Text = Callable[[int], str]
"""The string at an offset."""


class CoreKind(IntEnum):
    """What a CO-RE record asks of the target: `enum bpf_core_relo_kind`, BPF_CORE_*."""

    FIELD_BYTE_OFFSET = 0
    FIELD_BYTE_SIZE = 1
    FIELD_EXISTS = 2
    FIELD_SIGNED = 3
    FIELD_LSHIFT_U64 = 4
    FIELD_RSHIFT_U64 = 5
    TYPE_ID_LOCAL = 6
    TYPE_ID_TARGET = 7
    TYPE_EXISTS = 8
    TYPE_SIZE = 9
    ENUMVAL_EXISTS = 10
    ENUMVAL_VALUE = 11
    TYPE_MATCHES = 12


@record
class FuncInfo:
    """A function begins at `slot`; `type_id` is its Func."""

    slot: int
    type_id: int


@record
class LineInfo:
    """Code from `slot` on comes from this place; line and column count from 1, 0 is unknown."""

    slot: int
    file: str
    line_text: str
    line: int
    column: int


@record
class CoreReloc:
    """The instruction at `slot` holds what `kind` says of `type_id`, which depends on the kernel.

    `access` is "0:1:2": the index into an array of the type, then member or element indices;
    "0" for questions about the type, the index of the enumerator for those about enumerators.
    """

    slot: int
    type_id: int
    access: str
    kind: CoreKind


@record
class ExtSection:
    """Everything known of the instructions of one ELF section, in order of slots."""

    funcs: tuple[FuncInfo, ...] = ()
    lines: tuple[LineInfo, ...] = ()
    relocs: tuple[CoreReloc, ...] = ()


def write_ext(builder: Builder, sections: Mapping[str, ExtSection]) -> bytes:
    """The bytes of .BTF.ext; its strings go to `builder`, whose bytes are made after this.

    Raises: ObjectError if a number does not fit its field.
    """
    name = builder.string

    def funcs(of: ExtSection) -> list[Row]:
        return [(f.slot * 8, f.type_id) for f in of.funcs]

    def lines(of: ExtSection) -> list[Row]:
        return [
            (ln.slot * 8, name(ln.file), name(ln.line_text), _line_column(ln)) for ln in of.lines
        ]

    def relocs(of: ExtSection) -> list[Row]:
        return [(r.slot * 8, r.type_id, name(r.access), r.kind) for r in of.relocs]

    parts = [_write_part(builder, sections, rows) for rows in (funcs, lines, relocs)]
    header, at = pack("<HBBI", MAGIC, 1, 0, _HEADER), 0
    for part in parts:
        header += pack("<II", at, len(part))
        at += len(part)
    return header + b"".join(parts)


def parse_ext(data: bytes, btf: Btf) -> dict[str, ExtSection]:
    """What .BTF.ext says of each ELF section; `btf` has its strings.

    Raises: ObjectError if the bytes break the format.
    """
    text = _texts(btf)
    funcs, lines, relocs = _parts(data, text, btf.little_endian)
    names = dict.fromkeys((*funcs, *lines, *relocs))
    return {
        name: ExtSection(
            tuple(FuncInfo(_slot(at), type_id) for at, type_id in _ordered(funcs, name)),
            tuple(_line(row, text) for row in _ordered(lines, name)),
            tuple(_reloc(row, text) for row in _ordered(relocs, name)),
        )
        for name in names
    }


def _ordered(part: dict[str, list[Row]], name: str) -> list[Row]:
    """The records of a section in order of their instructions."""
    return sorted(part.get(name, ()), key=itemgetter(0))


def _write_part(
    builder: Builder,
    sections: Mapping[str, ExtSection],
    rows_of: Callable[[ExtSection], list[Row]],
) -> bytes:
    part, width = b"", 0
    for section, known in sections.items():
        if rows := sorted(rows_of(known)):
            width = len(rows[0])
            words = [builder.string(section), len(rows), *(word for row in rows for word in row)]
            if not all(0 <= word < 1 << 32 for word in words):
                raise ObjectError(f".BTF.ext: a record of {section} holds a number beyond u32")
            part += pack(f"<{len(words)}I", *words)
    return pack("<I", width * 4) + part if part else b""


def _line_column(line: LineInfo) -> int:
    """Line and column in one word; a column that does not fit becomes the last one."""
    return line.line << _COLUMN_BITS | min(line.column, (1 << _COLUMN_BITS) - 1)


def _texts(btf: Btf) -> Text:
    """Strings by their offsets.

    Raises: ObjectError once they are longer than all strings of the BTF could be if they did not
    overlap many times: bytes made up to take memory.
    """
    known: dict[int, str] = {}
    left = _OVERLAP * btf.strings_size

    def text(offset: int) -> str:
        nonlocal left
        if offset not in known:
            known[offset] = btf.string(offset)
            left -= len(known[offset])
            if left < 0:
                raise ObjectError(
                    f".BTF.ext: its strings are over {_OVERLAP} times those there are"
                )
        return known[offset]

    return text


def _line(row: Row, text: Text) -> LineInfo:
    at, file, source, place = row
    line, column = place >> _COLUMN_BITS, place & (1 << _COLUMN_BITS) - 1
    return LineInfo(_slot(at), text(file), text(source), line, column)


def _reloc(row: Row, text: Text) -> CoreReloc:
    at, type_id, access, kind = row
    if kind >= len(CoreKind):
        raise ObjectError(f".BTF.ext: CO-RE relocation kind {kind} is unknown")
    return CoreReloc(_slot(at), type_id, text(access), CoreKind(kind))


def _slot(offset: int) -> int:
    slot, rest = divmod(offset, 8)
    if rest:
        raise ObjectError(f".BTF.ext: byte {offset} is not the start of an instruction")
    return slot


def _parts(data: bytes, text: Text, little_endian: bool) -> list[dict[str, list[Row]]]:
    """Records of the three parts, by section name."""
    order = "<" if little_endian else ">"
    if len(data) < _HEADER_WITHOUT_CORE:
        raise ObjectError(f".BTF.ext: {len(data)} bytes are too few for a header")
    magic, version, flags, header = Struct(f"{order}HBBI").unpack_from(data)
    if (magic, version, flags) != (MAGIC, 1, 0) or not 24 <= header <= len(data):
        raise ObjectError(
            f".BTF.ext: magic {magic:#x}, version {version}, flags {flags:#x} and a header of "
            f"{header} bytes are not what is known: 0xeb9f, 1, 0 and at least 24"
        )
    present = 3 if header >= _HEADER else 2
    ranges = Struct(f"{order}{2 * present}I").unpack_from(data, 8)
    parts: list[dict[str, list[Row]]] = [{}, {}, {}]
    for part, width, at, size in zip(parts, _WIDTHS, ranges[::2], ranges[1::2], strict=False):
        if header + at + size > len(data) or size % 4:
            raise ObjectError(f".BTF.ext: a part of {size} bytes at {header + at} is cut off")
        words = Struct(f"{order}{size // 4}I").unpack_from(data, header + at)
        for name, rows in _blocks(words, width):
            part.setdefault(text(name), []).extend(rows)
    return parts


def _blocks(words: Row, width: int) -> Iterator[tuple[int, list[Row]]]:
    """For each ELF section of a part: where its name is, and its records cut to `width` words."""
    if not words:
        return
    stride, rest = divmod(words[0], 4)
    if rest or stride < width:
        raise ObjectError(f".BTF.ext: records of {words[0]} bytes; {width * 4} at least are known")
    at = 1
    while at < len(words):
        name, count = words[at : at + 2] if at + 2 <= len(words) else (0, _TOO_LATE)
        first, at = at + 2, at + 2 + count * stride
        if at > len(words):
            raise ObjectError(".BTF.ext: the records of a section are cut off")
        yield name, [words[row : row + width] for row in range(first, at, stride)]
