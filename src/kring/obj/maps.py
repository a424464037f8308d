"""How .maps describes a map: by the type of a variable, a struct of pointers.

    __uint(max_entries, 64)  int (*max_entries)[64]     a number is the length of an array
    __type(key, u32)         u32 *key                   a type is what is pointed to
    __ulong(map_extra, 1)    enum { … = 1 } map_extra   a long number is an enumerator
    __array(values, T)       T *values[]                what it holds: maps like T, or programs;
                                                        relocations name those it holds at first

In: a `Map` or such a variable. Out: the other one. What libbpf has no word for goes into
decl_tags of the variable, which it leaves alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.abi.uapi import MapType
from kring.btf.blob import Btf
from kring.btf.types import (
    VOID,
    Array,
    Composite,
    DeclTag,
    Enum,
    FuncProto,
    Int,
    Member,
    Ptr,
    Var,
)
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.object import Map
from kring.record import replace
from kring.spelling import suggestion

_RECORD: Final = "kring:record="
TARGET: Final = "kring:target="
"""What tags a function whose section does not say all about its hook."""
_DROPS: Final = "kring:drops="
STREAMS: Final = (MapType.RINGBUF, MapType.USER_RINGBUF, MapType.PERF_EVENT_ARRAY)
HOLDING: Final = (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS, MapType.PROG_ARRAY)
"""Types whose values are maps or programs."""
HOLDING_SIZE: Final = 4
PIN_NONE: Final = 0
PIN_BY_NAME: Final = 1
"""Of enum libbpf_pin_type."""
_NUMBERS: Final = (
    "type",
    "max_entries",
    "map_flags",
    "key_size",
    "value_size",
    "numa_node",
    "map_extra",
    "pinning",
)


def describe(
    map: Map, btf: Btf | None, builder: Builder, known: int | None = None
) -> tuple[int, int, int]:
    """The variable that stands for `map`, added to `builder` with its tags, its size, and where in
    it the first of its values is.

    `btf` are the types the map's own ids are of; `builder` has them under the same ids, and has
    reserved the id `known` for the variable, if the object had one.
    """
    type, head = _struct(map, btf, builder)
    slots = 1 + max((key for key, _ in map.values), default=-1)
    if known is None:
        var = builder.add(Var(map.name, type))
    else:
        builder.set(known, Var(map.name, type))
        var = known
    for tag in _tags(map, btf):
        builder.add(DeclTag(tag, var))
    return var, head + 8 * slots, head


def described(btf: Btf, var: int, tags: list[str]) -> tuple[Map, int]:
    """The map that the variable `var` with these tags stands for, and where its values begin.

    Raises: ObjectError for attributes that are not known, or contradict each other.
    """
    name, variable = btf.name(var), btf[var]
    map, at = _described(btf, name, variable.type if isinstance(variable, Var) else 0)
    return _tagged(btf, map, tags), at


def _described(btf: Btf, name: str, type: int, inner: bool = False) -> tuple[Map, int]:
    description = btf[btf.strip(type)]
    if not isinstance(description, Composite):
        raise ObjectError(f"map {name!r} is not described by a struct")
    facts: dict[str, int] = {}
    held, at = None, description.size
    for member in description.members:
        what = f"{name}.{member.name}"
        if member.name in ("key", "value"):
            pointer = btf[btf.strip(member.type)]
            if not isinstance(pointer, Ptr):
                raise ObjectError(f"map attribute {what} is not a pointer, as __type makes it")
            facts[f"{member.name}_type"] = pointer.type
            _agree(facts, f"{member.name}_size", btf.size(pointer.type), name)
        elif member.name in ("key_size", "value_size"):
            _agree(facts, member.name, _number(btf, member.type, what), name)
        elif member.name in _NUMBERS:
            facts[member.name] = _number(btf, member.type, what)
        elif member.name == "values":
            if inner:
                raise ObjectError(f"map {name!r} is inside a map, and can hold none itself")
            held, at = _held(btf, name, member.type), member.bit_offset // 8
        else:
            hint = suggestion(member.name, (*_NUMBERS, "key", "value", "values"), ". ")
            raise ObjectError(f"map {name!r}: attribute {member.name!r} is not known{hint}")
    return replace(_map(btf, name, facts), inner=held), at


def _agree(facts: dict[str, int], what: str, size: int, map: str) -> None:
    """Note a size, which key_size may state and the key's type, too."""
    if facts.setdefault(what, size) != size:
        raise ObjectError(
            f"map {map!r}: {what} is {facts[what]} and {size}: a number and a type contradict"
        )


def _number(btf: Btf, type: int, what: str) -> int:
    match btf[btf.strip(type)]:
        case Ptr(to):
            array = btf[btf.strip(to)]
            if isinstance(array, Array):
                return array.count
        case Enum(values=((_, value),)):
            return value
        case _:  # anything else is no number
            pass
    raise ObjectError(f"map attribute {what} is not a number, as __uint makes it")


def _held(btf: Btf, name: str, type: int) -> Map | None:
    """The description of the maps that `values` has room for; None for programs."""
    array = btf[btf.strip(type)]
    pointer = btf[btf.strip(array.type)] if isinstance(array, Array) else VOID
    to = btf[btf.strip(pointer.type)] if isinstance(pointer, Ptr) else VOID
    if isinstance(pointer, Ptr) and isinstance(to, Composite):
        return _described(btf, f"{name}.inner", pointer.type, inner=True)[0]
    if isinstance(to, FuncProto):
        return None
    raise ObjectError(f"map {name!r}: values are no maps and no programs, as __array makes them")


def _map(btf: Btf, name: str, facts: dict[str, int]) -> Map:
    kind = facts.get("type", 0)
    if kind not in MapType.__members__.values():
        raise ObjectError(f"map {name!r} is of unknown type {kind}")
    pinning = facts.get("pinning", 0)
    if pinning not in (PIN_NONE, PIN_BY_NAME):
        raise ObjectError(f"map {name!r}: pinning {pinning} is not known; 1 pins by name")
    made = Map(
        name,
        MapType(kind),
        facts.get("key_size", 0),
        facts.get("value_size", 0),
        facts.get("max_entries", 0),
        facts.get("map_flags", 0),
        facts.get("key_type", 0),
        facts.get("value_type", 0),
        numa_node=facts.get("numa_node", 0),
        map_extra=facts.get("map_extra", 0),
        pinned=pinning == PIN_BY_NAME,
    )
    if made.type in HOLDING:
        if made.value_size not in (0, HOLDING_SIZE):
            raise ObjectError(
                f"map {name!r}: values of {made.type.name} are descriptors, of 4 bytes, not of "
                f"{made.value_size}"
            )
        made = replace(made, value_size=HOLDING_SIZE)
    if made.type in STREAMS and isinstance(btf[btf.strip(made.value_type)], Composite):
        # the kernel takes no value of a stream; what stands there is the type of its records
        made = replace(made, record=made.value_type, value_type=0, value_size=0)
    return made


def _tagged(btf: Btf, made: Map, tags: list[str]) -> Map:
    for tag in tags:
        if tag.startswith(_RECORD):
            made = replace(made, record=_record(btf, made.name, tag.removeprefix(_RECORD)))
        if tag.startswith(_DROPS):
            made = replace(made, drops=_decimal(made.name, tag.removeprefix(_DROPS)))
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


def _struct(map: Map, btf: Btf | None, builder: Builder) -> tuple[int, int]:
    """The struct that describes a map, and its size."""
    byte = builder.add(Int("unsigned char", 1, 8))
    parts = list(_description(map, btf, builder, byte))
    members = tuple(Member(name, to, at * 64) for at, (name, to) in enumerate(parts))
    size = 8 * len(parts)
    if map.inner or map.values:
        held = builder.add(Array(builder.add(Ptr(_holds(map, btf, builder))), byte, 0))
        members += (Member("values", held, size * 8),)
    return builder.add(Composite("", size, members)), size


def _holds(map: Map, btf: Btf | None, builder: Builder) -> int:
    """What `values` are: maps of one description, or programs."""
    if map.inner is not None:
        return _struct(map.inner, btf, builder)[0]
    number = builder.add(Int("int", 4, 32, signed=True))
    return builder.add(FuncProto(number, (("ctx", builder.add(Ptr(0))),)))


def _description(
    map: Map, btf: Btf | None, builder: Builder, byte: int
) -> Iterator[tuple[str, int]]:
    """Members as libbpf's macros make them."""

    def number(value: int) -> int:
        if value < 1 << 32:
            return builder.add(Ptr(builder.add(Array(byte, byte, value))))
        return builder.add(Enum("", 8, ((f"{map.name}_number", value),), wide=True))

    yield "type", number(map.type)
    for what, value in (
        ("max_entries", map.max_entries),
        ("map_flags", map.flags),
        ("numa_node", map.numa_node),
        ("map_extra", map.map_extra),
        ("pinning", PIN_BY_NAME if map.pinned else PIN_NONE),
    ):
        if value:
            yield what, number(value)
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
