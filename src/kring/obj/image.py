"""A relocatable ELF for BPF put together: sections, symbols and relocations become bytes.

In: what `Image` gathers, section by section. Out: `bytes()`, the file, laid out as `elf.py` draws
it. Nothing here knows what a section means.
"""

from __future__ import annotations

from struct import pack, pack_into
from typing import Final

from kring.obj.elf import EM_BPF, LOCAL, WEAK
from kring.record import field, record

PROGBITS: Final = 1
NOBITS: Final = 8
"""The type of sections of zeroes, which take no room in the file."""
WRITE: Final = 1
ALLOC: Final = 2
OBJECT: Final = 1
SECTION: Final = 3
"""Kinds of symbols: STT_OBJECT and STT_SECTION."""
GLOBAL: Final = 1
_SYMTAB, _STRTAB, _REL, _INFO = 2, 3, 9, 0x40


@record(frozen=False)
class Section:
    """A section as it grows; `link`, `info` and `index` are set when all are there."""

    name: str
    type: int = PROGBITS
    flags: int = 0
    data: bytes | bytearray = b""
    link: int = 0
    info: int = 0
    align: int = 8
    entry: int = 0
    index: int = 0
    relocs: list[tuple[int, str, int]] = field(default_factory=list[tuple[int, str, int]])
    """Byte offset, key of the symbol, type."""


_NOWHERE: Final = Section("")
"""Stands for the section of symbols that others define: its number is 0."""


@record
class Symbol:
    """A name for `size` bytes at `value` of a section; `key` is what relocations call it."""

    key: str
    name: str
    section: Section
    value: int
    size: int
    kind: int
    bind: int


class Image:
    """Sections and symbols as they gather; `bytes` numbers and lays them out."""

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}
        self.symbols: list[Symbol] = []

    def section(self, name: str, flags: int = 0, type: int = PROGBITS, align: int = 8) -> Section:
        if name not in self.sections:
            self.sections[name] = Section(name, type, flags, bytearray(), align=align)
        return self.sections[name]

    def define(
        self, key: str, name: str, section: Section, data: bytes, kind: int, bind: int
    ) -> int:
        """Append `data` to `section` under a symbol; gives its byte offset there."""
        at = len(section.data)
        section.data += data
        self.symbols.append(Symbol(key, name, section, at, len(data), kind, bind))
        return at

    def extern(self, name: str, weak: bool) -> str:
        """The key of the symbol of something that others define."""
        key = f"extern:{name}"
        if all(symbol.key != key for symbol in self.symbols):
            bind = WEAK if weak else GLOBAL
            self.symbols.append(Symbol(key, name, _NOWHERE, 0, 0, 0, bind))
        return key

    def bytes(self) -> bytes:
        sections = [*self.sections.values()]
        strings = _Strings()
        table = Section(".symtab", _SYMTAB, entry=24)
        names = Section(".strtab", _STRTAB, align=1)
        rels = [Section(f".rel{s.name}", _REL, _INFO, entry=16) for s in sections if s.relocs]
        everything = [*sections, *rels, table, names]
        for index, section in enumerate(everything, 1):
            section.index = index
        # local symbols come first: the table says where the global ones begin
        symbols = sorted(self.symbols, key=lambda s: s.bind != LOCAL)
        numbers = {symbol.key: number for number, symbol in enumerate(symbols, 1)}
        table.data = bytes(24) + b"".join(_symbol(s, strings) for s in symbols)
        table.link = names.index
        table.info = 1 + sum(s.bind == LOCAL for s in symbols)
        for rel, section in zip(rels, (s for s in sections if s.relocs), strict=True):
            rel.link, rel.info = table.index, section.index
            rel.data = b"".join(
                pack("<QQ", at, numbers[key] << 32 | type)
                for at, key, type in sorted(section.relocs)
            )
        offsets = {s.name: strings.add(s.name) for s in everything}
        names.data = strings.data
        return _layout(everything, offsets, names.index)


class _Strings:
    def __init__(self) -> None:
        self.data = bytearray(b"\0")

    def add(self, text: str) -> int:
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


def _symbol(symbol: Symbol, strings: _Strings) -> bytes:
    name = strings.add(symbol.name)
    info = symbol.bind << 4 | symbol.kind
    return pack("<IBBHQQ", name, info, 0, symbol.section.index, symbol.value, symbol.size)


def _layout(sections: list[Section], names: dict[str, int], strtab: int) -> bytes:
    body, headers = bytearray(64), [bytes(64)]
    for s in sections:
        body += bytes(-len(body) % s.align)
        headers.append(
            pack(
                "<IIQQQQIIQQ", names[s.name], s.type, s.flags, 0, len(body), len(s.data),
                s.link, s.info, s.align, s.entry,
            )
        )  # fmt: skip
        if s.type != NOBITS:
            body += s.data
    body += bytes(-len(body) % 8)
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    pack_into(
        "<16sHHIQQQIHHHHHH", body, 0, ident, 1, EM_BPF, 1, 0, 0, len(body), 0, 64, 0, 0, 64,
        len(headers), strtab,
    )  # fmt: skip
    return bytes(body) + b"".join(headers)
