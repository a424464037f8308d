"""An `Object` becomes an ELF that libbpf, bpftool and kring load alike.

one section for each program section, with its entry functions
.text                    all subprograms, each program's own copies
.rel*                    calls, references to maps and to global data
.maps                    zeroes: a map is described by the type of its variable
.rodata .data .bss       first values of maps that hold globals
.ksyms .kconfig          in the types only: what the kernel defines
license version .BTF .BTF.ext .symtab .strtab
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack, pack_into
from typing import Final

from kring.abi.programs import short_section
from kring.abi.uapi import BPF_F_RDONLY_PROG, MapType
from kring.btf.blob import Btf
from kring.btf.ext import CoreReloc, ExtSection, FuncInfo, LineInfo, write_ext
from kring.btf.types import Array, DataSec, DeclTag, Func, Int, Kind, Modifier, Type, Var
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.elf import EM_BPF
from kring.obj.externs import KCONFIG, KSYMS
from kring.obj.finish import EXTERN
from kring.obj.functions import CALL, PSEUDO_CALL, RELOC_ADDRESS, RELOC_CALL, Piece, split
from kring.obj.maps import TARGET, describe
from kring.obj.object import OPTIONAL, Map, Object, Setting
from kring.obj.structs import BPF_F_LINK, SECTIONS
from kring.record import field, record, replace

_PROGBITS, _SYMTAB, _STRTAB, _NOBITS, _REL = 1, 2, 3, 8, 9
_WRITE, _ALLOC, _EXEC, _INFO = 1, 2, 4, 0x40
_OBJECT, _FUNC, _SECTION = 1, 2, 3
_LOCAL, _GLOBAL, _WEAK = 0, 1, 2
_RELOC_DATA = 2
"""R_BPF_64_ABS64: an address in data."""


@record(frozen=False)
class _Section:
    name: str
    type: int = _PROGBITS
    flags: int = 0
    data: bytes | bytearray = b""
    link: int = 0
    info: int = 0
    align: int = 8
    entry: int = 0
    index: int = 0
    relocs: list[tuple[int, str, int]] = field(default_factory=list[tuple[int, str, int]])
    """Byte offset, key of the symbol, type."""


_LICENSE: Final = "license"
_VERSION: Final = "version"
_MAPS: Final = ".maps"
_NOWHERE: Final = _Section("")
"""Stands for the section of symbols that others define: its number is 0."""


@record
class _Symbol:
    key: str
    name: str
    section: _Section
    value: int
    size: int
    kind: int
    bind: int


class _Elf:
    """Sections and symbols as they gather; `bytes` numbers and lays them out."""

    def __init__(self) -> None:
        self.sections: dict[str, _Section] = {}
        self.symbols: list[_Symbol] = []

    def section(self, name: str, flags: int = 0, type: int = _PROGBITS, align: int = 8) -> _Section:
        if name not in self.sections:
            self.sections[name] = _Section(name, type, flags, bytearray(), align=align)
        return self.sections[name]

    def define(
        self, key: str, name: str, section: _Section, data: bytes, kind: int, bind: int
    ) -> int:
        """Append `data` to `section` under a symbol; gives its byte offset there."""
        at = len(section.data)
        section.data += data
        self.symbols.append(_Symbol(key, name, section, at, len(data), kind, bind))
        return at

    def extern(self, name: str, weak: bool) -> str:
        """The key of the symbol of something that others define."""
        key = f"extern:{name}"
        if all(symbol.key != key for symbol in self.symbols):
            bind = _WEAK if weak else _GLOBAL
            self.symbols.append(_Symbol(key, name, _NOWHERE, 0, 0, 0, bind))
        return key

    def bytes(self) -> bytes:
        sections = [*self.sections.values()]
        strings = _Strings()
        table = _Section(".symtab", _SYMTAB, entry=24)
        names = _Section(".strtab", _STRTAB, align=1)
        rels = [_Section(f".rel{s.name}", _REL, _INFO, entry=16) for s in sections if s.relocs]
        everything = [*sections, *rels, table, names]
        for index, section in enumerate(everything, 1):
            section.index = index
        # local symbols come first: the table says where the global ones begin
        symbols = sorted(self.symbols, key=lambda s: s.bind != _LOCAL)
        numbers = {symbol.key: number for number, symbol in enumerate(symbols, 1)}
        table.data = bytes(24) + b"".join(_symbol(s, strings) for s in symbols)
        table.link = names.index
        table.info = 1 + sum(s.bind == _LOCAL for s in symbols)
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


def to_elf(obj: Object) -> bytes:
    """The bytes of a relocatable BPF ELF.

    Raises: ObjectError if the object refers to something it does not have.
    """
    elf, builder = _Elf(), Builder()
    btf = Btf(obj.btf, where=obj.name) if obj.btf else None
    maps_id, described = _copy_types(obj, btf, builder)
    _write_ksyms(obj, btf, builder)
    variables = {map.name: _variables(map, btf) for map in obj.maps if map.data is not None}
    known = _write_programs(elf, obj, builder, variables)
    maps = _write_maps(elf, obj, btf, builder, described)
    if maps_id:
        builder.set(maps_id, maps)
    elif maps.vars:
        builder.add(maps)
    for map in obj.maps:
        for setting in map.settings:
            elf.extern(setting.name, setting.weak)
        if map.type is MapType.STRUCT_OPS:
            _write_struct(elf, obj, map)
        elif map.data is not None and not map.settings:
            _write_data(elf, map, variables[map.name])
    if obj.version:
        version = elf.section(_VERSION, flags=_ALLOC | _WRITE, align=4)
        name = _only_variable(btf, _VERSION) or "_version"
        elf.define(_VERSION, name, version, pack("<I", obj.version), _OBJECT, _GLOBAL)
    _write_license(elf, obj.license.encode() + b"\0", btf, builder)
    ext = write_ext(builder, known)
    elf.section(".BTF", align=4).data = builder.bytes()
    if known:
        elf.section(".BTF.ext", align=4).data = ext
    return elf.bytes()


def data_section(map: Map) -> str:
    """Where the first value of a map with globals is kept."""
    if map.name.split(".")[1:2] in (["data"], ["rodata"], ["bss"]) and map.name[0] == ".":
        return map.name
    return f"{'.rodata' if map.flags & BPF_F_RDONLY_PROG else '.data'}.{map.name}"


@record
class _Variable:
    """A variable among a map's globals, by its offset there."""

    name: str
    offset: int
    size: int
    bind: int


def _variables(map: Map, btf: Btf | None) -> list[_Variable]:
    """The variables that a map of globals holds, as far as its type says so."""
    section = btf[map.value_type] if btf and map.value_type else None
    rows = section.vars if btf and isinstance(section, DataSec) else ()
    found: list[_Variable] = []
    for id, offset, size in rows:
        var = btf[id] if btf else None
        if isinstance(var, Var):
            found.append(_Variable(var.name, offset, size, min(var.linkage, _GLOBAL)))
    return found


def _write_programs(
    elf: _Elf, obj: Object, builder: Builder, variables: Mapping[str, list[_Variable]]
) -> dict[str, ExtSection]:
    """Code, its symbols and relocations; what .BTF.ext says of it."""
    known: dict[str, ExtSection] = {}
    addresses: list[tuple[_Section, int, str]] = []
    for program in obj.programs:
        own, target = short_section(program.section)
        for number, piece in enumerate(split(program)):
            name = ".text" if number else own if program.autoload else OPTIONAL + own
            if target and piece.type_id and not number:
                builder.add(DeclTag(TARGET + target, piece.type_id))
            section = elf.section(name, flags=_ALLOC | _EXEC)
            bind = _LOCAL if number else _GLOBAL
            key = f"{program.name}:{piece.slot}"
            title = piece.name if number else program.name
            at = elf.define(key, title, section, piece.code, _FUNC, bind)
            for slot, to, kind in piece.calls:
                if kind == RELOC_CALL:
                    section.relocs.append((at + slot * 8, f"{program.name}:{to}", kind))
                else:
                    addresses.append((section, at + slot * 8, f"{program.name}:{to}"))
            _write_externs(elf, section, at, piece)
            for ref in piece.maps:
                key, offset = _reference(elf, obj.map(ref.map), ref.offset, variables)
                section.relocs.append((at + ref.slot * 8, key, RELOC_ADDRESS))
                _write_offset(section, at + ref.slot * 8, offset)
            known[name] = _joined(known.get(name, ExtSection()), piece, at // 8)
    for section, at, key in addresses:
        _write_address(elf, section, at, key)
    return known


def _write_address(elf: _Elf, section: _Section, at: int, key: str) -> None:
    """The address of a static function, as compilers leave it: so far into its section."""
    function = next(symbol for symbol in elf.symbols if symbol.key == key)
    base = f"section:{function.section.name}"
    if all(symbol.key != base for symbol in elf.symbols):
        elf.symbols.append(_Symbol(base, "", function.section, 0, 0, _SECTION, _LOCAL))
    _write_offset(section, at, function.value)
    section.relocs.append((at, base, RELOC_ADDRESS))


def _reference(
    elf: _Elf, map: Map, offset: int | None, variables: Mapping[str, list[_Variable]]
) -> tuple[str, int]:
    """The key of the symbol that a map's or a variable's address is written with, and what the
    address lies beyond it."""
    if (map.data is None) != (offset is None):
        raise ObjectError(f"map {map.name!r}: only addresses inside maps of globals can be written")
    if offset is not None and (setting := _setting_at(map, offset)):
        return elf.extern(setting.name, setting.weak), offset - setting.offset
    for var in variables.get(map.name, ()):
        if offset is not None and var.offset <= offset < var.offset + var.size:
            return f"var:{map.name}:{var.name}", offset - var.offset
    return f"map:{map.name}", offset or 0


def _write_offset(section: _Section, at: int, offset: int) -> None:
    """As compilers leave a lddw to be relocated: no kind yet, the low half an offset."""
    assert isinstance(section.data, bytearray)
    section.data[at + 1] &= 15
    pack_into("<I", section.data, at + 4, offset)
    pack_into("<I", section.data, at + 12, 0)


def _setting_at(map: Map, offset: int) -> Setting | None:
    """The setting that byte `offset` belongs to: the last that begins before it."""
    before = [setting for setting in map.settings if setting.offset <= offset]
    return max(before, key=lambda setting: setting.offset, default=None)


def _write_externs(elf: _Elf, section: _Section, at: int, piece: Piece) -> None:
    """Calls and addresses of the kernel's, as compilers leave them: of symbols that are nowhere."""
    assert isinstance(section.data, bytearray)
    for ref in piece.kfuncs:
        pack_into("<BBhi", section.data, at + ref.slot * 8, CALL, PSEUDO_CALL << 4, 0, -1)
        section.relocs.append((at + ref.slot * 8, elf.extern(ref.name, ref.weak), RELOC_CALL))
    for sym in piece.ksyms:
        _write_offset(section, at + sym.slot * 8, 0)
        section.relocs.append((at + sym.slot * 8, elf.extern(sym.name, sym.weak), RELOC_ADDRESS))


def _joined(known: ExtSection, piece: Piece, at: int) -> ExtSection:
    funcs = (FuncInfo(at, piece.type_id),) if piece.type_id else ()
    lines = tuple(
        LineInfo(ln.slot + at, ln.file, ln.line_text, ln.line, ln.column) for ln in piece.lines
    )
    core = tuple(CoreReloc(r.slot + at, r.type_id, r.access, r.kind) for r in piece.core)
    return ExtSection(known.funcs + funcs, known.lines + lines, known.relocs + core)


def _write_data(elf: _Elf, map: Map, variables: list[_Variable]) -> None:
    """The section of a map's globals; symbols for it as a whole and for each variable."""
    name = data_section(map)
    zero = name.startswith(".bss")
    writable = 0 if name.startswith(".rodata") else _WRITE
    section = elf.section(name, type=_NOBITS if zero else _PROGBITS, flags=_ALLOC | writable)
    if section.data:
        raise ObjectError(f"two maps of globals are called {name}")
    section.data = map.data or b""
    elf.symbols.append(_Symbol(f"map:{map.name}", "", section, 0, 0, _SECTION, _LOCAL))
    for var in variables:
        key = f"var:{map.name}:{var.name}"
        elf.symbols.append(_Symbol(key, var.name, section, var.offset, var.size, _OBJECT, var.bind))


def _write_struct(elf: _Elf, obj: Object, map: Map) -> None:
    """A struct of functions; its types say where in the section it is."""
    name = next(name for name, flags in SECTIONS.items() if flags == map.flags & BPF_F_LINK)
    section = elf.section(name if map.autocreate else OPTIONAL + name, flags=_ALLOC | _WRITE)
    key = f"map:{map.name}"
    at = elf.define(key, map.name, section, map.data or b"", _OBJECT, _GLOBAL)
    for to, held in map.values:
        section.relocs.append((at + to, f"{obj.program(held).name}:0", _RELOC_DATA))


def _write_license(elf: _Elf, text: bytes, btf: Btf | None, builder: Builder) -> None:
    """The licence is a variable too: who joins objects wants its type."""
    name = _only_variable(btf, _LICENSE)
    if not name:
        char = builder.add(Int("char", 1, 8, signed=True))
        index = builder.add(Int("unsigned int", 4, 32))
        var = builder.add(Var("_license", builder.add(Array(char, index, len(text)))))
        builder.add(DataSec(_LICENSE, len(text), ((var, 0, len(text)),)))
    holder = elf.section(_LICENSE, flags=_ALLOC | _WRITE, align=1)
    elf.define("license", name or "_license", holder, text, _OBJECT, _GLOBAL)


def _only_variable(btf: Btf | None, section: str) -> str:
    """The name of the variable that the types have in a section, empty without."""
    found = btf.section(section) if btf else None
    return btf.name(found.vars[0][0]) if btf and found and found.vars else ""


def _copy_types(obj: Object, btf: Btf | None, builder: Builder) -> tuple[int, dict[str, int]]:
    """The object's types under their ids; only .maps and the variables that describe maps are left
    open. The id of .maps, 0 if there is none, and those of the variables by their names."""
    if btf is None:
        return 0, {}
    maps_id = btf.find(_MAPS, Kind.DATASEC) or 0
    section = btf[maps_id]
    described = {map.name for map in obj.maps if map.data is None}
    variables = {
        btf.name(id): id
        for id, _, _ in (section.vars if isinstance(section, DataSec) else ())
        if btf.name(id) in described
    }
    open_ids = {maps_id, *variables.values()}
    elsewhere = _elsewhere(obj, btf)
    for id in range(1, len(btf)):
        builder.reserve()
        if id not in open_ids:
            builder.set(id, _declared(btf[id]) if id in elsewhere else btf[id])
    return maps_id, variables


def _elsewhere(obj: Object, btf: Btf) -> set[int]:
    """Ids of functions and variables that the kernel defines."""
    found = {ref.type_id for program in obj.programs for ref in program.kfuncs}
    found |= {ref.type_id for program in obj.programs for ref in program.ksyms}
    settings = btf.section(KCONFIG)
    if settings and any(map.settings for map in obj.maps):
        found |= {id for id, _, _ in settings.vars}
    return found


def _declared(type: Type) -> Type:
    return replace(type, linkage=EXTERN) if isinstance(type, Func | Var) else type


def _write_ksyms(obj: Object, btf: Btf | None, builder: Builder) -> None:
    """The section that lists what programs use of the kernel's, which has no bytes."""
    listed = {ref.type_id for program in obj.programs for ref in program.kfuncs}
    for ref in [ref for program in obj.programs for ref in program.ksyms]:
        if btf and ref.type_id and isinstance(btf[ref.type_id], Func):
            listed.add(ref.type_id)
        else:
            type = ref.type_id or builder.add(Modifier(Kind.CONST, 0))
            listed.add(builder.add(Var(ref.name, type, EXTERN)))
    if listed:
        builder.add(DataSec(KSYMS, 0, tuple((id, 0, 0) for id in sorted(listed))))


def _write_maps(
    elf: _Elf, obj: Object, btf: Btf | None, builder: Builder, described: Mapping[str, int]
) -> DataSec:
    """One variable in .maps for each map; its type is the description."""
    rows: list[tuple[int, int, int]] = []
    for map in obj.maps:
        if map.data is None:
            section = elf.section(_MAPS, flags=_ALLOC | _WRITE)
            var, size, values = describe(map, btf, builder, described.get(map.name))
            at = elf.define(f"map:{map.name}", map.name, section, bytes(size), _OBJECT, _GLOBAL)
            rows.append((var, at, size))
            for key, name in map.values:
                is_program = map.inner is None
                held = f"{obj.program(name).name}:0" if is_program else f"map:{obj.map(name).name}"
                section.relocs.append((at + values + 8 * key, held, _RELOC_DATA))
    return DataSec(_MAPS, sum(size for _, _, size in rows), tuple(rows))


def _symbol(symbol: _Symbol, strings: _Strings) -> bytes:
    name = strings.add(symbol.name)
    info = symbol.bind << 4 | symbol.kind
    return pack("<IBBHQQ", name, info, 0, symbol.section.index, symbol.value, symbol.size)


def _layout(sections: list[_Section], names: dict[str, int], strtab: int) -> bytes:
    body, headers = bytearray(64), [bytes(64)]
    for s in sections:
        body += bytes(-len(body) % s.align)
        headers.append(
            pack(
                "<IIQQQQIIQQ", names[s.name], s.type, s.flags, 0, len(body), len(s.data),
                s.link, s.info, s.align, s.entry,
            )
        )  # fmt: skip
        if s.type != _NOBITS:
            body += s.data
    body += bytes(-len(body) % 8)
    ident = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    pack_into(
        "<16sHHIQQQIHHHHHH", body, 0, ident, 1, EM_BPF, 1, 0, 0, len(body), 0, 64, 0, 0, 64,
        len(headers), strtab,
    )  # fmt: skip
    return bytes(body) + b"".join(headers)
