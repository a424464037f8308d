"""Programs cut out of an ELF: each function by itself, then each entry with all that it calls.

In: an ELF, its finished types, what is known of its instructions, its maps and its externs. Out:
`Program`s.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from struct import pack_into, unpack_from
from typing import Final, TypeVar

from kring.abi.isa import OPS, Pseudo
from kring.btf.blob import Btf
from kring.btf.ext import CoreReloc, ExtSection, FuncInfo, LineInfo
from kring.btf.types import DeclTag, Kind
from kring.errors import ObjectError
from kring.obj.elf import EXEC, FUNC, LOCAL, UNDEFINED, Elf, Symbol
from kring.obj.externs import KCONFIG, Externs
from kring.obj.functions import (
    CALL,
    LDDW,
    PSEUDO_CALL,
    RELOC_ADDRESS,
    RELOC_CALL,
    Piece,
    join,
)
from kring.obj.maps import TARGET
from kring.obj.object import OPTIONAL, KfuncRef, KsymRef, MapRef, Program
from kring.obj.sections import Found, is_data
from kring.record import replace

_Row = TypeVar("_Row", FuncInfo, LineInfo, CoreReloc)
_KFUNC: Final = OPS["call_kfunc"].src
TEXT: Final = ".text"
"""The section of functions that are no programs."""
_MOST_TAKEN: Final = 1 << 21
"""Instructions and their lines; the kernel takes a million of one program. More are made up: a
thousand programs that call one function of a thousand times their size."""
_NOWHERE: Final = (
    "which is defined nowhere: link its object with this one (bpftool gen object), or declare it "
    "with __ksym or __kconfig if it is the kernel's"
)


def _targets(btf: Btf) -> dict[int, str]:
    """By a function's type, what its section does not say of its hook."""
    tags = (tag for tag in btf if isinstance(tag, DeclTag) and tag.name.startswith(TARGET))
    return {tag.type: tag.name.removeprefix(TARGET) for tag in tags}


def _within(rows: Sequence[_Row], first: int, last: int) -> Sequence[_Row]:
    """Those of `rows`, which are in order of their slots, that are in the range."""
    at = bisect_left(rows, first, key=_slot)
    return rows[at : bisect_left(rows, last, at, key=_slot)]


def _slot(row: FuncInfo | LineInfo | CoreReloc) -> int:
    return row.slot


class _Refs:
    """What the instructions of one function refer to."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, int]] = []
        self.maps: list[MapRef] = []
        self.kfuncs: list[KfuncRef] = []
        self.ksyms: list[KsymRef] = []

    def add(self, slot: int, found: MapRef | KsymRef | int) -> None:
        """Note what the lddw at `slot` refers to."""
        match found:
            case MapRef():
                self.maps.append(replace(found, slot=slot))
            case KsymRef():
                self.ksyms.append(replace(found, slot=slot))
            case int():
                self.calls.append((slot, found, RELOC_ADDRESS))


class Programs:
    """Functions cut out of their sections, and put together again by what they call."""

    def __init__(
        self, elf: Elf, btf: Btf, known: dict[str, ExtSection], maps: Found, externs: Externs
    ) -> None:
        self.elf = elf
        self.btf = btf
        self.known = known
        self.maps = maps
        self.externs = externs
        self.targets = _targets(btf)
        self.pieces: dict[tuple[int, int], Piece] = {}
        symbols = [s for s in elf.symbols if s.kind == FUNC and s.section != UNDEFINED]
        self.functions = {(s.section, s.value): s for s in reversed(symbols)}
        self.entries = sorted((s.section, s.value, s.name) for s in symbols if s.binding != LOCAL)
        self._check()
        self.places = list(self.functions)
        self.numbers = {place: n for n, place in enumerate(self.places)}

    def all(self) -> Iterator[Program]:
        """A program for each name of a function in a section for programs, but of static ones,
        which others call."""
        taken = 0
        for number, value, symbol in self.entries:
            section = self.elf.sections[number]
            if section.name != TEXT and section.flags & EXEC:
                piece = self.piece(number, value)
                name = section.name.removeprefix(OPTIONAL)
                target = self.targets.get(piece.type_id)
                made = join(symbol, f"{name}/{target}" if target else name, piece, self.numbered)
                taken += made.slots + len(made.lines) + len(made.core)
                if taken > _MOST_TAKEN:
                    raise ObjectError(
                        f"its programs, each with the functions it calls, take over {_MOST_TAKEN} "
                        "instructions and lines"
                    )
                yield replace(made, autoload=name == section.name)

    def _check(self) -> None:
        """Functions are whole instructions of their section and do not overlap."""
        ends: dict[int, int] = {}
        for (section, value), symbol in sorted(self.functions.items()):
            end = value + symbol.size
            inside = ends.get(section, 0) <= value < end
            if value % 8 or end % 8 or not inside or end > len(self.elf.sections[section].data):
                raise ObjectError(
                    f"function {symbol.name!r}, {symbol.size} bytes at {value}, is not whole "
                    f"instructions of its own in section {self.elf.sections[section].name!r}"
                )
            ends[section] = end

    def numbered(self, number: int) -> Piece:
        return self.piece(*self.places[number])

    def piece(self, section: int, value: int) -> Piece:
        """The function at byte `value` of a section."""
        place = (section, value)
        if place not in self.functions:
            name = self.elf.sections[section].name
            raise ObjectError(f"a call leads to byte {value} of {name}, where no function begins")
        if place not in self.pieces:
            self.pieces[place] = self._cut(section, self.functions[place])
        return self.pieces[place]

    def _cut(self, number: int, symbol: Symbol) -> Piece:
        section = self.elf.sections[number]
        begin, end = symbol.value, symbol.value + symbol.size
        code = bytearray(section.data[begin:end])
        refs = _Refs()
        slot, first, last = 0, begin // 8, end // 8
        while slot < last - first:
            opcode, regs, _, imm = unpack_from("<BBhi", code, slot * 8)
            where = f"{symbol.name} slot {slot}"
            reloc = section.relocs.get(begin + slot * 8)
            if opcode == LDDW and len(code) < slot * 8 + 16:
                raise ObjectError(f"{where}: the second half of a lddw is cut off")
            if opcode == CALL and reloc and reloc[0].section == UNDEFINED:
                refs.kfuncs.append(self._kfunc(where, slot, reloc[0].name))
                pack_into("<BBhi", code, slot * 8, CALL, _KFUNC << 4, 0, 0)
            elif opcode == CALL and (reloc or regs >> 4 == PSEUDO_CALL):
                callee = self._callee(where, number, first + slot, imm, reloc)
                refs.calls.append((slot, callee, RELOC_CALL))
                code[slot * 8 + 4 : slot * 8 + 8] = b"\xff\xff\xff\xff"
            elif opcode == LDDW and (reloc or regs >> 4 == Pseudo.FUNC):
                refs.add(slot, self._address(where, reloc, imm))
                code[slot * 8 + 1] &= 15
                code[slot * 8 + 4 : slot * 8 + 8] = bytes(4)
            elif reloc:
                raise ObjectError(f"{where}: opcode {opcode:#04x} holds nothing to relocate")
            slot += 2 if opcode == LDDW else 1
        known = self.known.get(section.name, ExtSection())
        funcs = _within(known.funcs, first, first + 1)
        return Piece(
            self.numbers[number, begin],
            symbol.name,
            funcs[0].type_id if funcs else 0,
            bytes(code),
            tuple(refs.calls),
            tuple(refs.maps),
            tuple(replace(r, slot=r.slot - first) for r in _within(known.relocs, first, last)),
            tuple(replace(n, slot=n.slot - first) for n in _within(known.lines, first, last)),
            tuple(refs.kfuncs),
            tuple(refs.ksyms),
        )

    def _kfunc(self, where: str, slot: int, name: str) -> KfuncRef:
        """The call of a kernel function."""
        found = self.externs.symbols.get(name)
        if found is not None and found.function:
            return KfuncRef(slot, name, found.type_id, found.weak)
        if self.btf.find(name, Kind.FUNC) is None:
            raise ObjectError(f"{where}: calls {name!r}, of which the types (BTF) say nothing")
        raise ObjectError(f"{where}: calls {name!r}, {_NOWHERE}")

    def _callee(
        self, where: str, section: int, slot: int, imm: int, reloc: tuple[Symbol, int] | None
    ) -> int:
        """The number of the function called from `slot` of a section."""
        if reloc is None:
            return self._number(where, section, (slot + 1 + imm) * 8)
        symbol, kind = reloc
        if kind != RELOC_CALL:
            raise ObjectError(f"{where}: a call of {symbol.name!r} by a relocation of type {kind}")
        return self._number(where, symbol.section, symbol.value + (imm + 1) * 8)

    def _address(
        self, where: str, reloc: tuple[Symbol, int] | None, imm: int
    ) -> MapRef | KsymRef | int:
        """What a lddw refers to: a map, a symbol of the kernel (their slot is the caller's to fill
        in), or a function."""
        if reloc is None:
            raise ObjectError(f"{where}: the address of a function without a relocation")
        symbol, kind = reloc
        if kind != RELOC_ADDRESS:
            raise ObjectError(f"{where}: {symbol.name!r} by a relocation of type {kind}")
        if symbol.section == UNDEFINED:
            return self._extern(where, symbol.name, imm)
        section = self.elf.sections[symbol.section]
        offset = symbol.value + imm
        if section.flags & EXEC:
            return self._number(where, symbol.section, offset)
        if (name := self.maps.at(symbol.section, offset)) is not None:
            return MapRef(0, name)
        if not is_data(section.name):
            raise ObjectError(f"{where}: refers to section {section.name!r}, which is no data")
        if not 0 <= offset < len(section.data):
            raise ObjectError(f"{where}: refers to byte {offset} of {section.name}, outside of it")
        return MapRef(0, section.name, offset)

    def _extern(self, where: str, name: str, offset: int) -> MapRef | KsymRef:
        """What the kernel defines."""
        if (setting := self.externs.settings.get(name)) is not None:
            if not 0 <= offset < self.btf.size(setting.type_id):
                raise ObjectError(f"{where}: refers to byte {offset} of {name}, outside of it")
            return MapRef(0, KCONFIG, setting.offset + offset)
        found = self.externs.symbols.get(name)
        if found is None:
            raise ObjectError(f"{where}: refers to {name!r}, {_NOWHERE}")
        if offset:
            raise ObjectError(f"{where}: refers to byte {offset} of the kernel's {name!r}")
        return KsymRef(0, name, found.type_id, found.weak)

    def _number(self, where: str, section: int, value: int) -> int:
        number = self.numbers.get((section, value))
        if number is None:
            raise ObjectError(f"{where}: refers to a place where no function begins")
        return number
