"""The maps of an ELF: described in .maps, defined in maps, or holding global data.

In: an ELF, its types, and what it leaves to the kernel. Out: `Found`: the maps, and where code
finds each.

    struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; }

is what the section `maps` held before types were known, one for each symbol there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from struct import unpack_from
from typing import Final

from kring.abi.uapi import BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, MapType
from kring.btf.blob import Btf
from kring.btf.types import Composite, DeclTag, Kind
from kring.errors import ObjectError
from kring.obj.elf import EXEC, FUNC, Elf
from kring.obj.externs import Externs
from kring.obj.maps import described
from kring.obj.object import Map
from kring.obj.structs import described_structs
from kring.record import record, replace

DESCRIBED: Final = ".maps"
_OLD: Final = "maps"
_DATA: Final = (".rodata", ".data", ".bss")
_OLD_NUMBERS: Final = 5
_OLD_FEWEST: Final = 16
"""Bytes of such a definition without its flags."""
_SLOT: Final = 8


@record
class Place:
    """Where in a section a map's variable is, and in that its values begin."""

    section: int
    begin: int
    end: int
    values: int = 0


@record
class Found:
    """Maps, and in order the places of those that are not data."""

    maps: list[Map]
    places: list[tuple[Place, str]]

    def at(self, section: int, offset: int) -> str | None:
        """The name of the map whose variable is there."""
        where = section, offset
        after = bisect_right(self.places, where, key=lambda p: (p[0].section, p[0].begin))
        place, name = self.places[after - 1] if after else (None, "")
        inside = place and place.section == section and offset < place.end
        return name if inside else None


def find_maps(elf: Elf, btf: Btf, externs: Externs) -> Found:
    """All maps; the types are finished.

    Raises: ObjectError for what describes none, or one that is not known.
    """
    pairs = [*_described_maps(elf, btf), *_old_maps(elf, btf)]
    places = sorted(
        ((place, map.name) for map, place in pairs), key=lambda p: (p[0].section, p[0].begin)
    )
    found = Found([map for map, _ in pairs], places)
    filled = [_with_values(elf, map, place, found) for map, place in pairs]
    others = (_data_maps(elf, btf), externs.map(btf), described_structs(elf, btf))
    return Found([*filled, *(map for maps in others for map in maps)], found.places)


def is_data(name: str) -> bool:
    return any(name == data or name.startswith(f"{data}.") for data in _DATA)


def _described_maps(elf: Elf, btf: Btf) -> Iterator[tuple[Map, Place]]:
    section = btf.section(DESCRIBED)
    if section is None:
        if elf.data(DESCRIBED):
            raise ObjectError(
                "section .maps has no types (BTF) that describe it: compile with -g, and keep the "
                "section .BTF when stripping (llvm-strip -g)"
            )
        return
    tags: dict[int, list[str]] = {}
    for type in btf:
        if isinstance(type, DeclTag) and type.component_idx == -1:
            tags.setdefault(type.type, []).append(type.name)
    number = elf.index(DESCRIBED)
    for var, offset, size in section.vars:
        map, values = described(btf, var, tags.get(var, []))
        yield map, Place(number, offset, offset + size, offset + values)


def _with_values(elf: Elf, map: Map, place: Place, found: Found) -> Map:
    """The map with what the relocations of its variable put into it."""
    relocs = elf.sections[place.section].relocs if place.section >= 0 else {}
    values: list[tuple[int, str]] = []
    for at in sorted(at for at in relocs if place.begin <= at < place.end):
        index, odd = divmod(at - place.values, _SLOT)
        if index < 0 or odd:
            raise ObjectError(f"map {map.name!r}: something is at byte {at}, outside its values")
        values.append((index, _value(elf, map, place, at, found)))
    if values and map.type is not MapType.PROG_ARRAY and map.inner is None:
        raise ObjectError(f"map {map.name!r} ({map.type.name}) can hold no maps or programs")
    return replace(map, values=tuple(values))


def _value(elf: Elf, map: Map, place: Place, at: int, found: Found) -> str:
    """The name of the map, or of the program, that a map holds."""
    source = elf.sections[place.section]
    symbol, _ = source.relocs[at]
    section = elf.sections[symbol.section]
    if map.type is MapType.PROG_ARRAY:
        if symbol.kind == FUNC and section.flags & EXEC:
            return symbol.name
        raise ObjectError(f"map {map.name!r} holds {symbol.name or section.name!r}, no program")
    addend = int.from_bytes(source.data[at : at + 8], "little")
    name = found.at(symbol.section, symbol.value + addend)
    if name is None:
        raise ObjectError(f"map {map.name!r} holds {symbol.name or section.name!r}, no map")
    return name


def _old_maps(elf: Elf, btf: Btf) -> Iterator[tuple[Map, Place]]:
    number = elf.index(_OLD)
    symbols = [s for s in elf.symbols if s.section == number and s.name]
    if number < 0 or not symbols:
        return
    data = elf.sections[number].data
    size, rest = divmod(len(data), len(symbols))
    for symbol in sorted(symbols, key=lambda s: s.value):
        part = data[symbol.value : symbol.value + size]
        if rest or size < _OLD_FEWEST or size % 4 or len(part) < size:
            raise ObjectError(
                f"section maps: {len(data)} bytes are no {len(symbols)} of struct bpf_map_def; "
                "write the maps for section .maps, as bpf_helpers.h of libbpf does"
            )
        yield _old_map(btf, symbol.name, part), Place(number, symbol.value, symbol.value + size)


def _old_map(btf: Btf, name: str, part: bytes) -> Map:
    kind, key, value, entries, flags = unpack_from("<5I", part.ljust(20, b"\0"))
    if any(part[4 * _OLD_NUMBERS :]):
        raise ObjectError(
            f"map {name!r} of section maps says more than struct bpf_map_def has room for "
            "(iproute2's pins, for one); write it for section .maps"
        )
    if kind not in MapType.__members__.values():
        raise ObjectError(f"map {name!r} is of unknown type {kind}")
    key_type, value_type = _annotated(btf, name, key, value)
    return Map(
        name, MapType(kind), key, value, entries, flags, key_type=key_type, value_type=value_type
    )


def _annotated(btf: Btf, name: str, key: int, value: int) -> tuple[int, int]:
    """Types of key and value, where BPF_ANNOTATE_KV_PAIR named them, and 0s."""
    found = btf.find(f"____btf_map_{name}", Kind.STRUCT)
    struct = btf[found] if found is not None else None
    if not isinstance(struct, Composite) or len(struct.members) != len("kv"):
        return 0, 0
    one, other = (member.type for member in struct.members)
    return (one, other) if (btf.size(one), btf.size(other)) == (key, value) else (0, 0)


def _data_maps(elf: Elf, btf: Btf) -> Iterator[Map]:
    """One map of one value for each section of global data."""
    for section in elf.sections:
        if is_data(section.name) and section.data:
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
