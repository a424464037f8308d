"""A relocatable ELF for BPF taken apart: bytes become sections, symbols and relocations.

    file:      header (64 bytes) | sections in any order | section headers
    section:   u32 name | u32 type | u64 flags | u64 address | u64 offset | u64 size
               u32 link | u32 info | u64 alignment | u64 entry size
    symbol:    u32 name | u8 binding << 4 | type | u8 other | u16 section | u64 value | u64 size
    relocation: u64 offset in the section it is for | u64 symbol << 32 | type

Nothing here knows what a section means. Every size is checked against the file before it is used,
and no two sections may share bytes, so what is read takes no more memory than the file does.

Raises: ObjectError for bytes that break the format.
See: elf(5), include/uapi/linux/elf.h.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from kring.errors import ObjectError
from kring.record import record

EM_BPF: Final = 247
EXEC: Final = 4
"""SHF_EXECINSTR."""
UNDEFINED: Final = 0
"""The section of symbols that are defined elsewhere: SHN_UNDEF."""
FUNC: Final = 2
"""STT_FUNC."""
LOCAL: Final = 0
WEAK: Final = 2

_VISIBILITY: Final = 3
_HIDDEN: Final = (1, 2)
"""STV_INTERNAL and STV_HIDDEN."""

_HEADER: Final = Struct("<16sHHIQQQIHHHHHH")
_SECTION: Final = Struct("<IIQQQQIIQQ")
_SYMBOL: Final = Struct("<IBBHQQ")
_REL: Final = Struct("<QQ")
_MAGIC: Final = b"\x7fELF\x02\x01\x01"
"""With the bytes for 64 bits, little-endian, version 1."""
_RELOCATABLE: Final = 1
_NULL, _SYMTAB, _NOBITS, _RELS = 0, 2, 8, 9
_ALLOC: Final = 2
_RESERVED: Final = 0xFF00
"""SHN_LORESERVE: numbers from here on are no sections."""
_MOST_ZEROES: Final = 1 << 25
"""Bytes of all sections that take none in the file; more are made up."""
_LONGEST_NAME: Final = 4096
_MACHINES: Final = {3: "EM_386", 40: "EM_ARM", 62: "EM_X86_64", 183: "EM_AARCH64", 243: "EM_RISCV"}


@record
class Symbol:
    """`section` is the number of the one it is in; `kind` and `binding` as ELF numbers them. One
    that is `hidden` is not for other files."""

    name: str
    section: int
    value: int
    size: int
    kind: int
    binding: int
    hidden: bool = False


@record
class Section:
    """`relocs` are symbol and relocation type by byte offset, of what is loaded only."""

    name: str
    flags: int
    data: bytes
    relocs: dict[int, tuple[Symbol, int]]


@record
class Elf:
    """Sections and symbols by their numbers."""

    sections: list[Section]
    symbols: list[Symbol]

    def data(self, name: str) -> bytes | None:
        return next((s.data for s in self.sections if s.name == name), None)

    def index(self, name: str) -> int:
        """The section's number, -1 if there is none."""
        return next((n for n, s in enumerate(self.sections) if s.name == name), -1)


@record
class _Header:
    """What a section header says, with the section's name looked up."""

    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int


def read_elf(data: bytes) -> Elf:
    """The parts of a BPF object."""
    _, type, machine, *_ = _checked(data)
    if type != _RELOCATABLE:
        raise ObjectError("a BPF object is a relocatable ELF, as compilers leave it; this is not")
    if machine != EM_BPF:
        name = _MACHINES.get(machine, f"machine {machine}")
        raise ObjectError(f"this ELF is for {name}, not for BPF")
    headers = _headers(data)
    _check_sizes(headers, len(data))
    sections = [Section(h.name, h.flags, _content(data, h), {}) for h in headers]
    symbols = _symbols(data, headers)
    for header in headers:
        if header.type == _RELS:
            _relocate(data, header, headers, sections, symbols)
    return Elf(sections, symbols)


def section_data(data: bytes, name: str) -> bytes | None:
    """The bytes of a section of any 64-bit little-endian ELF; None if it has none of that name."""
    header = next((h for h in _headers(data) if h.name == name), None)
    return _content(data, header) if header else None


def _checked(data: bytes) -> tuple[int, ...]:
    """The fields of the file's header."""
    if data[:4] != _MAGIC[:4] or len(data) < _HEADER.size:
        raise ObjectError("this is no ELF, or one that is cut off")
    if data[: len(_MAGIC)] != _MAGIC:
        raise ObjectError("only ELFs of 64 bits, little-endian, are read; this is another")
    return _HEADER.unpack_from(data)


def _headers(data: bytes) -> list[_Header]:
    _, _, _, _, _, _, at, _, _, _, _, size, count, names = _checked(data)
    if not count:
        raise ObjectError("the ELF has no sections")
    if size != _SECTION.size or at + count * size > len(data):
        raise ObjectError(f"{count} section headers of {size} bytes at {at} end beyond the file")
    rows = list(_SECTION.iter_unpack(data[at : at + count * size]))
    if names >= count:
        raise ObjectError(f"section {names}, said to hold the names of {count}, does not exist")
    texts = _Header("", *rows[names][1:3], *rows[names][4:8])
    strings = _content(data, texts)
    return [_Header(_string(strings, row[0]), *row[1:3], *row[4:8]) for row in rows]


def _check_sizes(headers: list[_Header], size: int) -> None:
    """That the sections have room in a file of `size` bytes, each its own."""
    in_file = sum(h.size for h in headers if h.type not in (_NULL, _NOBITS))
    if in_file > size:
        raise ObjectError(f"sections take {in_file} bytes in a file of {size}")
    zeroes = sum(h.size for h in headers if h.type == _NOBITS)
    if zeroes > _MOST_ZEROES:
        raise ObjectError(f"sections claim {zeroes} bytes of zeroes, more than {_MOST_ZEROES}")


def _content(data: bytes, header: _Header) -> bytes:
    if header.type == _NOBITS and header.size <= _MOST_ZEROES:
        return bytes(header.size)
    if header.type == _NULL:
        return b""
    if header.offset + header.size > len(data):
        raise ObjectError(f"section {header.name} ends beyond the file")
    return data[header.offset : header.offset + header.size]


def _rows(data: bytes, header: _Header, layout: Struct) -> list[tuple[int, ...]]:
    content = _content(data, header)
    if len(content) % layout.size:
        raise ObjectError(f"section {header.name} is no whole number of {layout.size} bytes")
    return list(layout.iter_unpack(content))


def _symbols(data: bytes, headers: list[_Header]) -> list[Symbol]:
    tables = [header for header in headers if header.type == _SYMTAB]
    if len(tables) > 1:
        raise ObjectError("the ELF has more than one table of symbols")
    symbols: list[Symbol] = []
    for table in tables:
        if table.link >= len(headers):
            raise ObjectError(f"the names of symbols are in section {table.link}, which is missing")
        strings = _content(data, headers[table.link])
        for name, info, other, section, value, size in _rows(data, table, _SYMBOL):
            place = section if section < _RESERVED else UNDEFINED
            text = _string(strings, name)
            if place >= len(headers):
                raise ObjectError(f"symbol {text!r} is in section {place}, which does not exist")
            hidden = other & _VISIBILITY in _HIDDEN
            symbols.append(Symbol(text, place, value, size, info & 15, info >> 4, hidden))
    return symbols


def _relocate(
    data: bytes,
    header: _Header,
    headers: list[_Header],
    sections: list[Section],
    symbols: list[Symbol],
) -> None:
    """Hand the rows of a section of relocations to the section they are for."""
    if header.info >= len(headers):
        raise ObjectError(
            f"section {header.name} relocates section {header.info}, which is missing"
        )
    if not headers[header.info].flags & _ALLOC:
        return  # debugging information, of which only the sections that are loaded are wanted
    for offset, info in _rows(data, header, _REL):
        if info >> 32 >= len(symbols):
            raise ObjectError(f"section {header.name} names symbol {info >> 32}, which is missing")
        sections[header.info].relocs[offset] = symbols[info >> 32], info & 0xFFFFFFFF


def _string(strings: bytes, at: int) -> str:
    if at == 0:
        return ""
    end = strings.find(b"\0", at, at + _LONGEST_NAME)
    if end < 0:
        raise ObjectError(f"the name at {at} of {len(strings)} bytes of names is cut off")
    return strings[at:end].decode(errors="replace")
