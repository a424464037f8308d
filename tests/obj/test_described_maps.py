"""Maps as .maps describes them, written and read back; and what is refused there."""

from __future__ import annotations

from struct import pack

import pytest
from raw_elf import ALLOC, EXEC, FUNC, GLOBAL, LOCAL, OBJECT, Raw, program

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.abi.uapi import BPF_F_NO_PREALLOC, MapType
from kring.btf.types import Array, Composite, DataSec, Enum, Int, Member, Ptr, Var
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.object import Map, Object
from kring.record import replace

RETURN_0 = encode(parse("mov r0, 0\nexit"))
INNER = Map("outer.inner", MapType.HASH, 4, 8, 16)
HELD = Map("one", MapType.HASH, 4, 8, 16)

MAPS = [
    Map("numa", MapType.HASH, 4, 8, 64, BPF_F_NO_PREALLOC | 4, numa_node=1),
    Map("bloom", MapType.BLOOM_FILTER, 0, 8, 64, map_extra=3),
    Map("far", MapType.ARENA, 0, 0, 100, 1024, map_extra=0x1000_0000_0000),
    Map("kept", MapType.ARRAY, 4, 8, 1, pinned=True),
    Map("outer", MapType.ARRAY_OF_MAPS, 4, 4, 4, inner=INNER, values=((0, "one"), (3, "one"))),
    Map("by_name", MapType.HASH_OF_MAPS, 4, 4, 4, inner=replace(INNER, name="by_name.inner")),
    Map("jumps", MapType.PROG_ARRAY, 4, 4, 4, values=((2, "f"),)),
    Map("perf", MapType.PERF_EVENT_ARRAY, 4, 4, 0),
    Map("sockets", MapType.SOCKMAP, 4, 8, 4),
    Map("stacks", MapType.STACK_TRACE, 4, 1016, 4),
]


@pytest.mark.parametrize("map", MAPS, ids=lambda map: map.name)
def test_every_attribute_survives_elf(map: Map) -> None:
    obj = Object("o", (program("f", "xdp", "mov r0, 0\nexit"),), (HELD, map))
    read = from_elf(to_elf(obj), "o")
    assert read.map(map.name) == map
    assert from_elf(to_elf(read), "o").maps == read.maps


def test_each_map_type_is_known() -> None:
    for type in MapType:
        obj = Object("o", (), (Map("m", type, 4, 4, 1),))
        assert from_elf(to_elf(obj), "o").map("m").type is type


def described(*members: tuple[str, int], build: Builder, size: int = 0) -> bytes:
    """An object with a map `m` of these members, pointers and others by their types' ids."""
    rows = tuple(Member(name, type, at * 64) for at, (name, type) in enumerate(members))
    size = size or 8 * len(rows)
    var = build.add(Var("m", build.add(Composite("", size, rows))))
    build.add(DataSec(".maps", 0, ((var, 0, 0),)))
    return Raw(
        {".maps": (ALLOC, bytes(size)), ".BTF": (0, build.bytes())},
        [("m", ".maps", 0, size, OBJECT, GLOBAL)],
    ).bytes()


class Types(Builder):
    """Types with the forms that libbpf's macros have."""

    def __init__(self) -> None:
        super().__init__()
        self.u32 = self.add(Int("u32", 4, 32))
        self.u64 = self.add(Int("u64", 8, 64))

    def number(self, value: int) -> int:
        return self.add(Ptr(self.add(Array(self.u32, self.u32, value))))

    def to(self, type: int) -> int:
        return self.add(Ptr(type))


def wrong(which: str) -> bytes:
    """An object whose map `m` is not right."""
    t = Types()
    hash = ("type", t.number(1))
    cases = {
        "unknown attribute": (hash, ("max_entrees", t.number(1))),
        "no number": (hash, ("max_entries", t.to(t.u32))),
        "no pointer": (hash, ("key", t.u32)),
        "no type": (("max_entries", t.number(1)),),
        "unknown type": (("type", t.number(99)),),
        "sizes": (hash, ("key", t.to(t.u32)), ("key_size", t.number(8))),
        "value sizes": (hash, ("value_size", t.number(4)), ("value", t.to(t.u64))),
        "pinning": (hash, ("pinning", t.number(2))),
        "values": (("type", t.number(12)), ("values", t.add(Array(t.to(t.u32), t.u32, 0)))),
        "nested": (
            ("type", t.number(12)),
            ("values", t.add(Array(t.to(t.add(Composite("", 16, (
                Member("type", t.number(12), 0),
                Member("values", t.add(Array(t.to(t.add(Composite("", 0, ()))), t.u32, 0)), 64),
            )))), t.u32, 0))),
        ),
        "outer value": (("type", t.number(12)), ("value_size", t.number(8))),
        "size of void": (hash, ("key", t.to(0))),
    }  # fmt: skip
    return described(*cases[which], build=t)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("unknown attribute", "attribute 'max_entrees' is not known. Did you mean 'max_entries'?"),
        ("no number", "m.max_entries is not a number"),
        ("no pointer", "m.key is not a pointer, as __type makes it"),
        ("no type", "map 'm' is of unknown type 0"),
        ("unknown type", "map 'm' is of unknown type 99"),
        ("sizes", "key_size is 4 and 8: a number and a type contradict"),
        ("value sizes", "value_size is 4 and 8"),
        ("pinning", "pinning 2 is not known; 1 pins by name"),
        ("values", "values are no maps and no programs"),
        ("nested", "map 'm.inner' is inside a map, and can hold none itself"),
        ("outer value", "values of ARRAY_OF_MAPS are descriptors, of 4 bytes, not of 8"),
        ("size of void", "VOID has no size"),
    ],
)
def test_a_description_that_is_not_right(which: str, said: str) -> None:
    with pytest.raises(ObjectError, match=said):
        from_elf(wrong(which), "x")


def test_a_long_number_is_an_enumerator() -> None:
    t = Types()
    long = t.add(Enum("", 8, (("__unique_value", 1 << 40),), wide=True))
    data = described(("type", t.number(33)), ("map_extra", long), build=t)
    assert from_elf(data, "x").map("m").map_extra == 1 << 40


def holding(symbol: str, at: int = 16) -> bytes:
    """An object whose ARRAY_OF_MAPS `m` holds a symbol."""
    t = Types()
    inner = t.add(Composite("", 8, (Member("type", t.number(2), 0),)))
    values = t.add(Array(t.to(inner), t.u32, 0))
    rows = (("type", t.number(12)), ("max_entries", t.number(1)), ("values", values))
    members = tuple(Member(name, type, place * 64) for place, (name, type) in enumerate(rows))
    var = t.add(Var("m", t.add(Composite("", 16, members))))
    t.add(DataSec(".maps", 24, ((var, 0, 24),)))
    raw = Raw(
        {
            ".maps": (ALLOC, bytes(24)),
            "xdp": (ALLOC | EXEC, RETURN_0),
            ".data": (ALLOC, bytes(8)),
            ".BTF": (0, t.bytes()),
        },
        [
            ("f", "xdp", 0, 16, FUNC, GLOBAL),
            ("m", ".maps", 0, 24, OBJECT, GLOBAL),
            ("number", ".data", 0, 8, OBJECT, LOCAL),
        ],
        {".maps": [(at, symbol, 2)]},
    )
    return raw.bytes()


@pytest.mark.parametrize(
    ("symbol", "at", "said"),
    [
        ("number", 16, "map 'm' holds 'number', no map"),
        ("f", 16, "map 'm' holds 'f', no map"),
        ("m", 8, "map 'm': something is at byte 8, outside its values"),
        ("m", 20, "something is at byte 20"),
    ],
)
def test_values_that_no_map_can_hold(symbol: str, at: int, said: str) -> None:
    with pytest.raises(ObjectError, match=said):
        from_elf(holding(symbol, at), "x")


def old(*definitions: bytes, names: tuple[str, ...] = ("m", "n")) -> bytes:
    """An object with maps of the old form; its program takes the address of the first."""
    size = len(definitions[0])
    symbols = [
        (name, "maps", at * size, size, OBJECT, GLOBAL)
        for at, name in enumerate(names[: len(definitions)])
    ]
    code = encode(parse("lddw r1, 0\nmov r0, 0\nexit"))
    return Raw(
        {"xdp": (ALLOC | EXEC, code), "maps": (ALLOC, b"".join(definitions))},
        [("f", "xdp", 0, 32, FUNC, GLOBAL), *symbols],
        {"xdp": [(0, "m", 1)]},
    ).bytes()


def test_maps_of_the_old_form_are_read() -> None:
    read = from_elf(old(pack("<5I", 1, 4, 8, 64, 1), pack("<5I", 2, 4, 4, 1, 0)), "x")
    assert read.maps == (
        Map("m", MapType.HASH, 4, 8, 64, BPF_F_NO_PREALLOC),
        Map("n", MapType.ARRAY, 4, 4, 1),
    )
    assert [ref.map for ref in read.program("f").maps] == ["m"]


def test_old_definitions_may_be_shorter_or_longer() -> None:
    assert from_elf(old(pack("<4I", 1, 4, 8, 64)), "x").map("m").max_entries == 64
    assert from_elf(old(pack("<5I", 1, 4, 8, 64, 0) + bytes(8)), "x").map("m").value_size == 8


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (pack("<5I", 1, 4, 8, 64, 0) + b"\1" + bytes(7), "says more than struct bpf_map_def"),
        (pack("<3I", 1, 4, 8), "12 bytes are no 1 of struct bpf_map_def; write the maps for"),
        (pack("<5I", 99, 4, 8, 64, 0), "map 'm' is of unknown type 99"),
    ],
)
def test_old_definitions_that_say_something_else(definition: bytes, said: str) -> None:
    with pytest.raises(ObjectError, match=said):
        from_elf(old(definition), "x")


def test_maps_without_types_are_refused_with_the_cure() -> None:
    raw = Raw({".maps": (ALLOC, bytes(32))}, [("m", ".maps", 0, 32, OBJECT, GLOBAL)])
    with pytest.raises(ObjectError, match=r"\.maps has no types \(BTF\).* compile with -g"):
        from_elf(raw.bytes(), "x")
