"""A BPF ELF becomes an `Object`, whoever compiled it.

In: bytes that clang or `elf_write` made. Out: programs with their subprograms behind them, maps
of .maps and of global data, and types as the kernel accepts them.

Raises: ObjectError for bytes that are no such ELF, and for what it may hold and we do not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack_into, unpack_from
from typing import Final

from kring.abi.isa import OPS, Pseudo
from kring.abi.uapi import BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, MapType
from kring.btf.blob import Btf
from kring.btf.ext import ExtSection, parse_ext
from kring.btf.types import DataSec, DeclTag, Func, FuncProto, Kind, Modifier, Type
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.elf import EXEC, FUNC, UNDEFINED, Elf, Symbol, read_elf
from kring.obj.elf_write import EXTERN
from kring.obj.functions import (
    CALL,
    LDDW,
    PSEUDO_CALL,
    RELOC_ADDRESS,
    RELOC_CALL,
    Piece,
    join,
)
from kring.obj.maps import TARGET, described
from kring.obj.object import KfuncRef, Map, MapRef, Object, Program
from kring.record import replace

_KFUNC: Final = OPS["call_kfunc"].src
_DATA: Final = (".rodata", ".data", ".bss")


def from_elf(data: bytes, name: str) -> Object:
    """The object in `data`; `name` is its file's name without directory and ending."""
    try:
        return _object(read_elf(data), name)
    except ObjectError as error:
        raise ObjectError(f"{name}: {error}") from None


def _object(elf: Elf, name: str) -> Object:
    raw = elf.data(".BTF")
    btf = Btf(raw, where=".BTF") if raw else Btf(Builder().bytes(), where=".BTF")
    ext = elf.data(".BTF.ext")
    known = parse_ext(ext, btf) if ext else {}
    btf = Btf(_finished(elf, btf, known), where=".BTF")
    maps = [*_described_maps(elf, btf), *_data_maps(elf, btf)]
    license = (elf.data("license") or b"").partition(b"\0")[0]
    return Object(
        name,
        tuple(_Programs(elf, btf, known).all()),
        tuple(maps),
        btf.data if raw else b"",
        license.decode(errors="replace"),
    )


def _finished(elf: Elf, btf: Btf, known: dict[str, ExtSection]) -> bytes:
    """The types with what only the ELF knows: where variables are in their sections.

    Compilers leave size and offsets 0, which the kernel refuses, as it does functions defined
    elsewhere; they become functions like others, and the list of them an empty type. Names of
    files and the text of lines stay in the strings, for the kernel to point at.
    """
    builder = Builder()
    prototypes = {type.type for type in btf if isinstance(type, Func) and type.linkage == EXTERN}
    for id in range(1, len(btf)):
        type = btf[id]
        builder.reserve()
        if id in prototypes and isinstance(type, FuncProto):
            type = replace(type, params=_named(type.params))
        builder.set(id, _settled(elf, btf, type))
    for section in known.values():
        for line in section.lines:
            builder.string(line.file)
            builder.string(line.line_text)
    return builder.bytes()


def _named(params: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Parameters that all have names: compilers leave them out of declarations."""
    return tuple((name or f"arg{n}", type) for n, (name, type) in enumerate(params, 1))


def _settled(elf: Elf, btf: Btf, type: Type) -> Type:
    match type:
        case Func(linkage=linkage) if linkage == EXTERN:
            return replace(type, linkage=1)
        case DataSec(name=".ksyms", vars=rows):
            for var, _, _ in rows:
                if not isinstance(btf[var], Func):
                    raise ObjectError(f"the kernel variable {btf.name(var)!r} is not supported")
            return Modifier(Kind.CONST, 0)
        case DataSec():
            return _placed(elf, btf, type)
        case _:
            return type


def _placed(elf: Elf, btf: Btf, section: DataSec) -> DataSec:
    number = elf.index(section.name)
    if section.name == ".kconfig":
        raise ObjectError(f"externs of {section.name} are not supported")
    if number < 0:
        return section
    at = {s.name: s.value for s in elf.symbols if s.section == number}
    rows = sorted(
        ((var, at.get(btf.name(var), offset), size) for var, offset, size in section.vars),
        key=lambda row: row[1],
    )
    return DataSec(section.name, len(elf.sections[number].data), tuple(rows))


def _described_maps(elf: Elf, btf: Btf) -> Iterator[Map]:
    if elf.index("maps") >= 0:
        raise ObjectError("maps in section 'maps' are of an old form; section '.maps' is read")
    id = btf.find(".maps", Kind.DATASEC)
    section = btf[id] if id is not None else None
    if not isinstance(section, DataSec):
        if elf.data(".maps"):
            raise ObjectError("section .maps has no types (BTF) that describe it")
        return
    tags: dict[int, list[str]] = {}
    for type in btf:
        if isinstance(type, DeclTag) and type.component_idx == -1:
            tags.setdefault(type.type, []).append(type.name)
    for var, _, _ in section.vars:
        yield described(btf, var, tags.get(var, []))


def _data_maps(elf: Elf, btf: Btf) -> Iterator[Map]:
    """One map of one value for each section of global data."""
    for section in elf.sections:
        if _is_data(section.name) and section.data:
            constant = section.name.startswith(".rodata")
            yield Map(
                section.name,
                MapType.ARRAY,
                4,
                len(section.data),
                1,
                BPF_F_MMAPABLE | (BPF_F_RDONLY_PROG if constant else 0),
                value_type=btf.find(section.name, Kind.DATASEC) or 0,
                data=section.data,
            )


def _is_data(name: str) -> bool:
    return any(name == data or name.startswith(f"{data}.") for data in _DATA)


def _targets(btf: Btf) -> dict[int, str]:
    """By a function's type, what its section does not say of its hook."""
    tags = (tag for tag in btf if isinstance(tag, DeclTag) and tag.name.startswith(TARGET))
    return {tag.type: tag.name.removeprefix(TARGET) for tag in tags}


class _Programs:
    """Functions cut out of their sections, and put together again by what they call."""

    def __init__(self, elf: Elf, btf: Btf, known: dict[str, ExtSection]) -> None:
        self.elf = elf
        self.btf = btf
        self.known = known
        self.targets = _targets(btf)
        self.pieces: dict[tuple[int, int], Piece] = {}
        self.by_slot: list[Piece] = []
        self.functions = {
            (s.section, s.value): s
            for s in elf.symbols
            if s.kind == FUNC and s.section != UNDEFINED
        }
        self._check()
        self.places = list(self.functions)
        self.numbers = {place: n for n, place in enumerate(self.places)}

    def all(self) -> Iterator[Program]:
        text = self.elf.index(".text")
        for (section, value), symbol in sorted(self.functions.items()):
            if section != text and self.elf.sections[section].flags & EXEC:
                name = self.elf.sections[section].name
                piece = self.piece(section, value)
                target = self.targets.get(piece.type_id)
                name = f"{name}/{target}" if target else name
                yield join(symbol.name, name, piece, self.numbered)

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
        calls: list[tuple[int, int, int]] = []
        maps: list[MapRef] = []
        kfuncs: list[KfuncRef] = []
        slot, first, last = 0, begin // 8, end // 8
        while slot < last - first:
            opcode, regs, _, imm = unpack_from("<BBhi", code, slot * 8)
            where = f"{symbol.name} slot {slot}"
            reloc = section.relocs.get(begin + slot * 8)
            if opcode == LDDW and len(code) < slot * 8 + 16:
                raise ObjectError(f"{where}: the second half of a lddw is cut off")
            if opcode == CALL and reloc and reloc[0].section == UNDEFINED:
                kfuncs.append(KfuncRef(slot, reloc[0].name, self._extern(where, reloc[0].name)))
                pack_into("<BBhi", code, slot * 8, CALL, _KFUNC << 4, 0, 0)
            elif opcode == CALL and (reloc or regs >> 4 == PSEUDO_CALL):
                calls.append((slot, self._callee(where, number, first + slot, imm, reloc), 10))
                code[slot * 8 + 4 : slot * 8 + 8] = b"\xff\xff\xff\xff"
            elif opcode == LDDW and (reloc or regs >> 4 == Pseudo.FUNC):
                found = self._address(where, reloc, imm)
                if isinstance(found, MapRef):
                    maps.append(replace(found, slot=slot))
                else:
                    calls.append((slot, found, RELOC_ADDRESS))
                code[slot * 8 + 1] &= 15
                code[slot * 8 + 4 : slot * 8 + 8] = bytes(4)
            elif reloc:
                raise ObjectError(f"{where}: opcode {opcode:#04x} holds nothing to relocate")
            slot += 2 if opcode == LDDW else 1
        known = self.known.get(section.name, ExtSection())
        return Piece(
            self.numbers[number, begin],
            symbol.name,
            next((f.type_id for f in known.funcs if f.slot == first), 0),
            bytes(code),
            tuple(calls),
            tuple(maps),
            tuple(replace(r, slot=r.slot - first) for r in known.relocs if first <= r.slot < last),
            tuple(replace(n, slot=n.slot - first) for n in known.lines if first <= n.slot < last),
            tuple(kfuncs),
        )

    def _extern(self, where: str, name: str) -> int:
        """The id of a kernel function's type."""
        id = self.btf.find(name, Kind.FUNC)
        if id is None:
            raise ObjectError(f"{where}: calls {name!r}, of which the types (BTF) say nothing")
        return id

    def _callee(
        self, where: str, section: int, slot: int, imm: int, reloc: tuple[Symbol, int] | None
    ) -> int:
        """The number of the function called from `slot` of a section."""
        if reloc is None:
            return self._number(where, section, (slot + 1 + imm) * 8)
        symbol, kind = reloc
        if kind != RELOC_CALL or symbol.section == UNDEFINED:
            raise ObjectError(f"{where}: calls extern {symbol.name!r}, which is not supported")
        return self._number(where, symbol.section, symbol.value + (imm + 1) * 8)

    def _address(self, where: str, reloc: tuple[Symbol, int] | None, imm: int) -> MapRef | int:
        """What a lddw refers to: a map (its slot is the caller's to fill in) or a function."""
        if reloc is None:
            raise ObjectError(f"{where}: the address of a function without a relocation")
        symbol, kind = reloc
        if kind != RELOC_ADDRESS or not 0 < symbol.section < len(self.elf.sections):
            raise ObjectError(f"{where}: refers to extern {symbol.name!r}, not supported")
        section = self.elf.sections[symbol.section]
        if section.flags & EXEC:
            return self._number(where, symbol.section, symbol.value + imm)
        if section.name == ".maps":
            return MapRef(0, symbol.name)
        if not _is_data(section.name):
            raise ObjectError(f"{where}: refers to section {section.name!r}, which is no data")
        offset = symbol.value + imm
        if not 0 <= offset < len(section.data):
            raise ObjectError(f"{where}: refers to byte {offset} of {section.name}, outside of it")
        return MapRef(0, section.name, offset)

    def _number(self, where: str, section: int, value: int) -> int:
        number = self.numbers.get((section, value))
        if number is None:
            raise ObjectError(f"{where}: refers to a place where no function begins")
        return number
