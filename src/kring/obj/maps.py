"""How .maps describes a map: by the type of a variable, a struct of pointers.

    __uint(max_entries, 64)  int (*max_entries)[64]     a number is the length of an array
    __type(key, u32)         u32 *key                   a type is what is pointed to

In: a `Map` or such a variable. Out: the other one. What libbpf has no word for goes into
decl_tags of the variable, which it leaves alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, DeclTag, Int, Member, Ptr, Var
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.object import Map
from kring.record import replace

_RECORD: Final = "kring:record="
TARGET: Final = "kring:target="
"""What tags a function whose section does not say all about its hook."""
_DROPS: Final = "kring:drops="
_STREAMS: Final = (MapType.RINGBUF, MapType.USER_RINGBUF, MapType.PERF_EVENT_ARRAY)
_NUMBERS: Final = ("type", "max_entries", "map_flags", "key_size", "value_size")


def describe(map: Map, btf: Btf | None, builder: Builder) -> tuple[int, int]:
    """The variable that stands for `map`, added to `builder` with its tags, and its size.

    `btf` are the types the map's own ids are of; `builder` has them under the same ids.
    """
    byte = builder.add(Int("unsigned char", 1, 8))
    pointers = list(_description(map, btf, builder, byte))
    members = tuple(Member(name, to, at * 64) for at, (name, to) in enumerate(pointers))
    size = 8 * len(members)
    var = builder.add(Var(map.name, builder.add(Composite("", size, members))))
    for tag in _tags(map, btf):
        builder.add(DeclTag(tag, var))
    return var, size


def described(btf: Btf, var: int, tags: list[str]) -> Map:
    """The map that the variable `var` with these tags stands for.

    Raises: ObjectError for attributes that are not known.
    """
    name, variable = btf.name(var), btf[var]
    description = btf[btf.strip(variable.type)] if isinstance(variable, Var) else None
    if not isinstance(description, Composite):
        raise ObjectError(f"map {name!r} is not described by a struct")
    facts: dict[str, int] = {}
    for member in description.members:
        pointer = btf[btf.strip(member.type)]
        if not isinstance(pointer, Ptr):
            raise ObjectError(f"map {name!r}: {member.name} is not a pointer, as __uint makes it")
        if member.name in ("key", "value"):
            facts[f"{member.name}_type"] = pointer.type
            facts[f"{member.name}_size"] = btf.size(pointer.type)
        elif member.name in _NUMBERS:
            facts[member.name] = _number(btf, pointer, f"{name}.{member.name}")
        else:
            raise ObjectError(f"map {name!r}: attribute {member.name!r} is not supported")
    return _map(btf, name, facts, tags)


def _number(btf: Btf, pointer: Ptr, what: str) -> int:
    array = btf[btf.strip(pointer.type)]
    if not isinstance(array, Array):
        raise ObjectError(f"map attribute {what} is not a number, as __uint makes it")
    return array.count


def _map(btf: Btf, name: str, facts: dict[str, int], tags: list[str]) -> Map:
    kind = facts.pop("type", 0)
    if kind not in MapType.__members__.values():
        raise ObjectError(f"map {name!r} is of unknown type {kind}")
    made = Map(
        name,
        MapType(kind),
        facts.get("key_size", 0),
        facts.get("value_size", 0),
        facts.get("max_entries", 0),
        facts.get("map_flags", 0),
        facts.get("key_type", 0),
        facts.get("value_type", 0),
    )
    if made.type in _STREAMS and isinstance(btf[btf.strip(made.value_type)], Composite):
        # the kernel takes no value of a stream; what stands there is the type of its records
        made = replace(made, record=made.value_type, value_type=0, value_size=0)
    for tag in tags:
        if tag.startswith(_RECORD):
            made = replace(made, record=_record(btf, name, tag.removeprefix(_RECORD)))
        if tag.startswith(_DROPS):
            made = replace(made, drops=_decimal(name, tag.removeprefix(_DROPS)))
    return made


def _record(btf: Btf, map: str, what: str) -> int:
    id = _decimal(map, what) if what[:1].isdigit() else btf.find(what)
    if id is None or not 0 < id < len(btf):
        raise ObjectError(f"map {map!r}: no type {what!r} for its records")
    return id


def _decimal(map: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise ObjectError(f"map {map!r}: a tag holds {text!r} and not a number")
    return int(text)


def _description(
    map: Map, btf: Btf | None, builder: Builder, byte: int
) -> Iterator[tuple[str, int]]:
    """Members as libbpf's __uint and __type make them: numbers are lengths of arrays."""

    def number(value: int) -> int:
        return builder.add(Ptr(builder.add(Array(byte, byte, value))))

    yield "type", number(map.type)
    if map.max_entries:
        yield "max_entries", number(map.max_entries)
    if map.flags:
        yield "map_flags", number(map.flags)
    for what, type, size in (
        ("key", map.key_type, map.key_size),
        ("value", map.value_type, map.value_size),
    ):
        if type and btf is not None and btf.size(type) == size:
            yield what, builder.add(Ptr(type))
        elif size:
            yield f"{what}_size", number(size)


def _tags(map: Map, btf: Btf | None) -> Iterator[str]:
    if map.record and btf is not None:
        name = btf.name(map.record)
        # a number, which no name is, where the name does not lead back to the type
        yield _RECORD + (name if name and btf.find(name) == map.record else str(map.record))
    if map.drops is not None:
        yield f"{_DROPS}{map.drops}"
