"""ELF files put together by hand, for what no compiler here writes; and programs in assembler whose
references are names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from struct import pack
from typing import Any

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.obj.object import KfuncRef, KsymRef, MapRef, Program

ALLOC, EXEC = 2, 4
FUNC, OBJECT = 2, 1
LOCAL, GLOBAL, WEAK = 0, 1, 2

Symbol = tuple[str, str, int, int, int, int]
"""Name, section ("" if it is elsewhere), value, size, kind, binding."""


@dataclass
class Raw:
    """Sections by name with their flags, symbols, and relocations by section: (offset, symbol's
    name, type)."""

    sections: dict[str, tuple[int, bytes]]
    symbols: list[Symbol]
    relocs: dict[str, list[tuple[int, str, int]]] = field(default_factory=dict)

    def bytes(self) -> bytes:
        names = ["", *self.sections]
        table = [("", 0, 0, b"", 0, 0, 0)]
        table += [(name, 1, flags, data, 0, 0, 0) for name, (flags, data) in self.sections.items()]
        strings = b"\0" + b"".join(s[0].encode() + b"\0" for s in self.symbols)
        rows, at = bytes(24), 1
        for name, section, value, size, kind, binding in self.symbols:
            rows += pack("<IBBHQQ", at, binding << 4 | kind, 0, names.index(section), value, size)
            at += len(name) + 1
        symtab = len(table) + len(self.relocs)
        order = [symbol[0] for symbol in self.symbols]
        for name, found in self.relocs.items():
            data = b"".join(
                pack("<QQ", offset, (order.index(symbol) + 1) << 32 | type)
                for offset, symbol, type in found
            )
            table.append((f".rel{name}", 9, 0, data, symtab, names.index(name), 16))
        table.append((".symtab", 2, 0, rows, symtab + 1, 1, 24))
        table.append((".strtab", 3, 0, strings, 0, 0, 0))
        return _laid_out(table)


def _laid_out(table: list[tuple[str, int, int, bytes, int, int, int]]) -> bytes:
    texts = b"\0" + b"".join(row[0].encode() + b"\0" for row in table) + b".names\0"
    table = [*table, (".names", 3, 0, texts, 0, 0, 0)]
    body, headers, name_at = bytes(64), b"", 1
    for name, type, flags, data, link, info, entry in table:
        body += bytes(-len(body) % 8)
        headers += pack(
            "<IIQQQQIIQQ", name_at, type, flags, 0, len(body), len(data), link, info, 8, entry
        )
        body += data
        name_at += len(name) + 1
    body += bytes(-len(body) % 8)
    head = pack(
        "<4s12xHHIQQQIHHHHHH", b"\x7fELF", 1, 247, 1, 0, 0, len(body), 0, 64, 0, 0, 64,
        len(table), len(table) - 1,
    )  # fmt: skip
    return head[:4] + b"\2\1\1" + head[7:] + body[64:] + headers


_MAP = re.compile(r"(lddw r\d+, )=([^&+]+?)(?:\+(\d+))?$")
_SYMBOL = re.compile(r"(lddw r\d+, )=&(\w+)(\?)?$")
_KFUNC = re.compile(r"call =(\w+)(\?)?$")


def program(
    name: str, section: str, text: str, types: dict[str, int] | None = None, **more: Any
) -> Program:
    """A program of instructions that refer by name: `lddw r1, =map`, `lddw r1, =.data+8`,
    `lddw r1, =&symbol` and `call =function`, weak with a `?` behind it. `types` are the ids of
    symbols."""
    maps: list[MapRef] = []
    ksyms: list[KsymRef] = []
    kfuncs: list[KfuncRef] = []
    lines: list[str] = []
    ids, slot = types or {}, 0
    for line in [line.strip() for line in text.strip().splitlines() if line.strip()]:
        plain = line
        if found := _MAP.match(line):
            maps.append(MapRef(slot, found[2], None if found[3] is None else int(found[3])))
            plain = f"{found[1]}0"
        elif found := _SYMBOL.match(line):
            ksyms.append(KsymRef(slot, found[2], ids.get(found[2], 0), found[3] is not None))
            plain = f"{found[1]}0"
        elif found := _KFUNC.match(line):
            kfuncs.append(KfuncRef(slot, found[1], ids.get(found[1], 0), found[2] is not None))
            plain = "call kfunc 0"
        lines.append(plain)
        slot += 0 if line.endswith(":") else 2 if line.startswith("lddw") else 1
    code = encode(parse("\n".join(lines)))
    return Program(
        name, section, code, tuple(maps), kfuncs=tuple(kfuncs), ksyms=tuple(ksyms), **more
    )
