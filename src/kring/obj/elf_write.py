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
from kring.obj.elf import EXEC, FUNC, LOCAL
from kring.obj.externs import KCONFIG, KSYMS
from kring.obj.finish import EXTERN
from kring.obj.functions import CALL, PSEUDO_CALL, RELOC_ADDRESS, RELOC_CALL, Piece, split
from kring.obj.image import (
    ALLOC,
    GLOBAL,
    NOBITS,
    OBJECT,
    PROGBITS,
    SECTION,
    WRITE,
    Image,
    Section,
    Symbol,
)
from kring.obj.maps import TARGET, describe
from kring.obj.object import OPTIONAL, Map, Object, Setting
from kring.obj.structs import BPF_F_LINK, SECTIONS
from kring.record import record, replace

_RELOC_DATA = 2
"""R_BPF_64_ABS64: an address in data."""
_LICENSE: Final = "license"
_VERSION: Final = "version"
_MAPS: Final = ".maps"


def to_elf(obj: Object) -> bytes:
    """The bytes of a relocatable BPF ELF.

    Raises: ObjectError if the object refers to something it does not have.
    """
    elf, builder = Image(), Builder()
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
        version = elf.section(_VERSION, flags=ALLOC | WRITE, align=4)
        name = _only_variable(btf, _VERSION) or "_version"
        elf.define(_VERSION, name, version, pack("<I", obj.version), OBJECT, GLOBAL)
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
            found.append(_Variable(var.name, offset, size, min(var.linkage, GLOBAL)))
    return found


def _write_programs(
    elf: Image, obj: Object, builder: Builder, variables: Mapping[str, list[_Variable]]
) -> dict[str, ExtSection]:
    """Code, its symbols and relocations; what .BTF.ext says of it."""
    known: dict[str, ExtSection] = {}
    addresses: list[tuple[Section, int, str]] = []
    for program in obj.programs:
        own, target = short_section(program.section)
        for number, piece in enumerate(split(program)):
            name = ".text" if number else own if program.autoload else OPTIONAL + own
            if target and piece.type_id and not number:
                builder.add(DeclTag(TARGET + target, piece.type_id))
            section = elf.section(name, flags=ALLOC | EXEC)
            bind = LOCAL if number else GLOBAL
            key = f"{program.name}:{piece.slot}"
            title = piece.name if number else program.name
            at = elf.define(key, title, section, piece.code, FUNC, bind)
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


def _write_address(elf: Image, section: Section, at: int, key: str) -> None:
    """The address of a static function, as compilers leave it: so far into its section."""
    function = next(symbol for symbol in elf.symbols if symbol.key == key)
    base = f"section:{function.section.name}"
    if all(symbol.key != base for symbol in elf.symbols):
        elf.symbols.append(Symbol(base, "", function.section, 0, 0, SECTION, LOCAL))
    _write_offset(section, at, function.value)
    section.relocs.append((at, base, RELOC_ADDRESS))


def _reference(
    elf: Image, map: Map, offset: int | None, variables: Mapping[str, list[_Variable]]
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


def _write_offset(section: Section, at: int, offset: int) -> None:
    """As compilers leave a lddw to be relocated: no kind yet, the low half an offset."""
    assert isinstance(section.data, bytearray)
    section.data[at + 1] &= 15
    pack_into("<I", section.data, at + 4, offset)
    pack_into("<I", section.data, at + 12, 0)


def _setting_at(map: Map, offset: int) -> Setting | None:
    """The setting that byte `offset` belongs to: the last that begins before it."""
    before = [setting for setting in map.settings if setting.offset <= offset]
    return max(before, key=lambda setting: setting.offset, default=None)


def _write_externs(elf: Image, section: Section, at: int, piece: Piece) -> None:
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


def _write_data(elf: Image, map: Map, variables: list[_Variable]) -> None:
    """The section of a map's globals; symbols for it as a whole and for each variable."""
    name = data_section(map)
    zero = name.startswith(".bss")
    writable = 0 if name.startswith(".rodata") else WRITE
    section = elf.section(name, type=NOBITS if zero else PROGBITS, flags=ALLOC | writable)
    if section.data:
        raise ObjectError(f"two maps of globals are called {name}")
    section.data = map.data or b""
    elf.symbols.append(Symbol(f"map:{map.name}", "", section, 0, 0, SECTION, LOCAL))
    for var in variables:
        key = f"var:{map.name}:{var.name}"
        elf.symbols.append(Symbol(key, var.name, section, var.offset, var.size, OBJECT, var.bind))


def _write_struct(elf: Image, obj: Object, map: Map) -> None:
    """A struct of functions; its types say where in the section it is."""
    name = next(name for name, flags in SECTIONS.items() if flags == map.flags & BPF_F_LINK)
    section = elf.section(name if map.autocreate else OPTIONAL + name, flags=ALLOC | WRITE)
    key = f"map:{map.name}"
    at = elf.define(key, map.name, section, map.data or b"", OBJECT, GLOBAL)
    for to, held in map.values:
        section.relocs.append((at + to, f"{obj.program(held).name}:0", _RELOC_DATA))


def _write_license(elf: Image, text: bytes, btf: Btf | None, builder: Builder) -> None:
    """The licence is a variable too: who joins objects wants its type."""
    name = _only_variable(btf, _LICENSE)
    if not name:
        char = builder.add(Int("char", 1, 8, signed=True))
        index = builder.add(Int("unsigned int", 4, 32))
        var = builder.add(Var("_license", builder.add(Array(char, index, len(text)))))
        builder.add(DataSec(_LICENSE, len(text), ((var, 0, len(text)),)))
    holder = elf.section(_LICENSE, flags=ALLOC | WRITE, align=1)
    elf.define("license", name or "_license", holder, text, OBJECT, GLOBAL)


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
    elf: Image, obj: Object, btf: Btf | None, builder: Builder, described: Mapping[str, int]
) -> DataSec:
    """One variable in .maps for each map; its type is the description."""
    rows: list[tuple[int, int, int]] = []
    for map in obj.maps:
        if map.data is None:
            section = elf.section(_MAPS, flags=ALLOC | WRITE)
            var, size, values = describe(map, btf, builder, described.get(map.name))
            at = elf.define(f"map:{map.name}", map.name, section, bytes(size), OBJECT, GLOBAL)
            rows.append((var, at, size))
            for key, name in map.values:
                is_program = map.inner is None
                held = f"{obj.program(name).name}:0" if is_program else f"map:{obj.map(name).name}"
                section.relocs.append((at + values + 8 * key, held, _RELOC_DATA))
    return DataSec(_MAPS, sum(size for _, _, size in rows), tuple(rows))
