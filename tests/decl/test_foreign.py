"""Classes made of types in BTF: every layout that C has, read and written."""

from __future__ import annotations

import struct as packing
import subprocess
from pathlib import Path
from typing import Any

import pytest
from layouts import C, Fields

from kring import NotSupported, fields, pack, sizeof, unpack
from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, DataSec, Int, Kind, Member, Modifier, Ptr, Var
from kring.btf.write import Builder
from kring.decl.coded import Enumerator
from kring.decl.foreign import field_type_of, struct_of
from kring.decl.struct import Struct, dtype_spec, single
from kring.decl.types import Char, IntType
from kring.errors import ObjectError
from kring.obj.elf import read_elf
from peers import clang, tool

VMLINUX = Path("/sys/kernel/btf/vmlinux")


def made(c: C, size: int, members: Fields, union: bool = False, name: str = "s") -> type[Struct]:
    id = c.struct(name, size, members, union)
    return struct_of(c.btf(), id)


def read(kind: type[Struct], data: bytes) -> Any:
    return unpack(kind, data)


def test_integers_of_all_sizes_are_read_where_they_lie() -> None:
    c = C()
    kind = made(
        c, 48,
        [("a", c.u8, 0), ("b", c.i8, 8), ("c", c.u16, 16), ("d", c.i32, 32), ("e", c.u64, 64),
         ("f", c.i64, 128), ("h", c.bool, 192), ("i", c.be16, 208), ("g", c.u128, 256)],
    )  # fmt: skip
    data = packing.pack(
        "<BbHiQq?xH4x16s", 255, -1, 65535, -2, 2**64 - 1, -3, True, 0x3930, b"\1" * 16
    )
    record = read(kind, data)
    values = [record.a, record.b, record.c, record.d, record.e, record.f, record.g]
    assert values == [255, -1, 65535, -2, 2**64 - 1, -3, int.from_bytes(b"\1" * 16, "little")]
    assert record.h is True
    assert record.i == 0x3039
    again = kind(**{field.name: getattr(record, field.name) for field in fields(kind)})
    assert pack(again) == data
    assert again == record
    assert len({again, record}) == 1


def test_text_is_what_char_holds_and_bytes_what_unsigned_char_holds() -> None:
    c = C()
    name_t = c.typedef("name_t", c.array(c.const(c.char), 4))
    kind = made(
        c, 16,
        [("name", name_t, 0), ("mac", c.array(c.typedef("__u8", c.u8), 6), 32),
         ("signs", c.array(c.i8, 2), 80), ("raw", c.array(c.u8, 4), 96)],
    )  # fmt: skip
    record = read(kind, b"ab\0z" + bytes(range(6)) + b"\xff\x01" + b"wxyz")
    assert (record.name, record.mac, record.signs) == ("ab", bytes(range(6)), (-1, 1))
    assert read(kind, b"abcd" + bytes(12)).name == "abcd"
    assert pack(kind(name="abcd"))[:4] == b"abcd"
    with pytest.raises(ValueError, match="name: 5 bytes of text do not fit in 4"):
        kind(name="abcde")


def test_an_enum_shows_its_names_and_takes_them() -> None:
    c = C()
    state = c.enum("state", ("IDLE", 0), ("BUSY", 1), ("ALSO_BUSY", 1))
    wide = c.enum("wide", ("LOW", -1), ("HIGH", 2**40), size=8, signed=True)
    small = c.enum("small", ("ONE", 1), size=1)
    kind = made(c, 24, [("state", state, 0), ("wide", wide, 64), ("small", small, 128)])
    record = read(kind, packing.pack("<I4xqB7x", 1, 2**40, 9))
    assert (record.state, record.wide, record.small) == (1, 2**40, 9)
    assert repr(record) == "s(state=BUSY, wide=HIGH, small=9)"
    assert isinstance(record.state, Enumerator)
    assert record.state.name == "BUSY"
    assert (f"{record.state}", str(record.state)) == ("1", "1")
    assert kind(state="BUSY", wide="HIGH", small=9) == record
    assert read(kind, bytes(24)).state.name == "IDLE"
    with pytest.raises(ValueError, match=r"enum state has no 'BUSI'. Did you mean 'BUSY'\?"):
        kind(state="BUSI")
    with pytest.raises(ValueError, match="256 does not fit: 0 to 255"):
        kind(small=256)


def test_arrays_of_anything_are_tuples() -> None:
    c = C()
    point = c.struct("point", 4, [("x", c.u16, 0), ("y", c.u16, 16)])
    flag = c.enum("flag", ("OFF", 0), ("ON", 1))
    kind = made(
        c, 64,
        [("matrix", c.array(c.array(c.u16, 3), 2), 0),
         ("names", c.array(c.array(c.char, 4), 2), 96),
         ("points", c.array(point, 2), 160), ("flags", c.array(flag, 2), 224),
         ("sure", c.array(c.bool, 4), 288), ("real", c.array(c.double, 2), 320),
         ("to", c.array(c.pointer, 1), 448)],
    )  # fmt: skip
    data = packing.pack(
        "<6H8s4H2I4?2dQ", *range(6), b"ab\0\0cdef", 1, 2, 3, 4, 0, 1, 1, 0, 0, 1, 0.5, 2, 7
    )
    record = read(kind, data)
    assert record.matrix == ((0, 1, 2), (3, 4, 5))
    assert record.names == ("ab", "cdef")
    assert [(p.x, p.y) for p in record.points] == [(1, 2), (3, 4)]
    assert [one.name for one in record.flags] == ["OFF", "ON"]
    assert record.sure == (True, False, False, True)
    assert (record.real, record.to) == ((0.5, 2.0), (7,))
    again = kind(**{field.name: getattr(record, field.name) for field in fields(kind)})
    assert pack(again) == data
    assert pack(kind(matrix=[[9]], points=[{"x": 1}]))[:2] == b"\x09\0"
    with pytest.raises(ValueError, match="do not fit"):
        kind(matrix=[[1], [2], [3]])


def test_members_of_a_union_overlap_and_unnamed_ones_are_flattened() -> None:
    c = C()
    halves = c.struct("", 4, [("low", c.u16, 0), ("high", c.u16, 16)])
    either = c.struct("", 4, [("whole", c.u32, 0), ("", halves, 0)], union=True)
    kind = made(c, 8, [("id", c.u32, 0), ("", either, 32)])
    assert [(f.name, f.offset) for f in fields(kind)] == [
        ("id", 0), ("whole", 4), ("low", 4), ("high", 6),
    ]  # fmt: skip
    record: Any = kind(id=1, low=2, high=3)
    assert record.whole == 3 << 16 | 2
    assert kind(id=1, whole=record.whole) == record


def test_a_nested_struct_takes_a_dict_and_has_a_name() -> None:
    c = C()
    inner = c.struct("", 4, [("x", c.u32, 0)])
    named = c.typedef("point_t", c.struct("", 8, [("y", c.u64, 0)]))
    kind = made(c, 16, [("spot", inner, 0), ("at", named, 64)])
    assert repr(kind(spot={"x": 1}, at={"y": 2})) == "s(spot=spot(x=1), at=point_t(y=2))"
    with pytest.raises(TypeError, match="a spot is wanted, or a dict of its fields, and not 3"):
        kind(spot=3)
    with pytest.raises(TypeError, match="spot has no field 'z'"):
        kind(spot={"z": 3})


def test_bit_fields_lie_anywhere() -> None:
    c = C()
    kind = made(
        c, 12,
        [("a", c.u32, 0, 3), ("b", c.i32, 3, 7), ("c", c.u64, 10, 60), ("d", c.bool, 70, 1),
         ("e", c.enum("e", ("X", 1)), 71, 2), ("", c.u32, 73, 3), ("f", c.u8, 88)],
    )  # fmt: skip
    record: Any = kind(a=5, b=-3, c=2**60 - 1, d=1, e=2, f=9)
    assert (record.a, record.b, record.c, record.d, record.e, record.f) == (
        5,
        -3,
        2**60 - 1,
        1,
        2,
        9,
    )
    assert int.from_bytes(pack(record)[:9], "little") & 7 == 5
    with pytest.raises(NotSupported, match="bit fields"):
        dtype_spec(kind)


def test_bit_fields_as_btf_had_them_at_first() -> None:
    c = C()
    three = c.builder.add(Int("unsigned int", 4, 3, offset=2))
    kind = made(c, 4, [("a", three, 0)])
    assert read(kind, bytes([0b11100, 0, 0, 0])).a == 7


def test_packed_members_lie_where_they_say() -> None:
    c = C()
    kind = made(c, 13, [("a", c.u8, 0), ("b", c.u64, 8), ("c", c.u32, 72)])
    assert pack(kind(a=1, b=2, c=3)) == packing.pack("<BQI", 1, 2, 3)
    assert sizeof(kind) == 13


def test_what_follows_a_struct_is_its_last_array_of_no_length() -> None:
    c = C()
    for element, data, value in (
        (c.char, b"text\0more", "text"),
        (c.u8, b"\1\2", b"\1\2"),
        (c.u16, b"\1\0\2\0\3", (1, 2)),
    ):
        kind = made(
            c,
            8,
            [("mark", c.array(c.u8, 0), 0), ("n", c.u32, 0), ("data", c.array(element, 0), 64)],
        )
        record = read(kind, bytes(8) + data)
        assert (record.data, record.mark) == (value, b"")
        assert pack(kind(n=1)) == packing.pack("<II", 1, 0)


def test_names_that_python_has_for_itself() -> None:
    c = C()
    kind = made(
        c,
        16,
        [
            ("from", c.u32, 0),
            ("__hash__", c.u32, 32),
            ("_kring_bytes", c.u32, 64),
            ("__x", c.u32, 96),
        ],
    )
    record = read(kind, packing.pack("<4I", 1, 2, 3, 4))
    assert record.from_ == getattr(record, "from") == 1
    assert (record.__hash___, record._kring_bytes_, getattr(record, "__x")) == (2, 3, 4)
    assert repr(record) == "s(from=1, __hash___=2, _kring_bytes_=3, __x=4)"
    assert kind(from_=1, __hash___=2, _kring_bytes_=3, __x=4) == record


def test_rows_of_numpy_have_the_same_columns() -> None:
    numpy = pytest.importorskip("numpy")
    c = C()
    either = c.struct("", 8, [("number", c.u64, 0), ("text", c.array(c.char, 8), 0)], union=True)
    kind = made(
        c, 64,
        [("a", c.bool, 0), ("", either, 64), ("real", c.double, 128),
         ("grid", c.array(c.array(c.u16, 2), 2), 192), ("e", c.enum("e", ("X", 1)), 256),
         ("big", c.u128, 320), ("rest", c.array(c.u8, 0), 512)],
    )  # fmt: skip
    dtype = numpy.dtype(dtype_spec(kind))
    assert (dtype.itemsize, list(dtype.names)) == (
        64,
        ["a", "number", "text", "real", "grid", "e", "big"],
    )
    record = kind(a=True, text="ab", real=0.5, grid=[[1, 2], [3, 4]], e="X")
    row = numpy.frombuffer(pack(record), dtype)[0]
    assert (row["a"], row["number"], row["text"], row["real"], row["e"]) == (
        True,
        0x6261,
        b"ab",
        0.5,
        1,
    )
    assert row["grid"].tolist() == [[1, 2], [3, 4]]


def test_the_variables_of_a_section_are_fields() -> None:
    c = C()
    b = c.builder
    rows = (
        (b.add(Var("count", c.const(c.u32))), 0, 4),
        (b.add(Var("name", c.array(c.char, 8))), 8, 8),
    )
    id = b.add(DataSec(".data", 16, rows))
    record = read(struct_of(c.btf(), id), b"\7\0\0\0\0\0\0\0kring\0\0\0")
    assert (record.count, record.name) == (7, "kring")


def test_a_type_is_made_once() -> None:
    c = C()
    id = c.struct("s", 4, [("x", c.u32, 0)])
    alias, text = c.const(c.typedef("s_t", id)), c.array(c.char, 4)
    btf = c.btf()
    assert struct_of(btf, id) is struct_of(btf, alias) is field_type_of(btf, id)
    assert field_type_of(btf, c.be16) == IntType(2, big=True)
    assert field_type_of(btf, text) == Char(4, whole=True)


def bad(what: str) -> tuple[Btf, int]:
    b = Builder()
    byte, void = b.add(Int("unsigned char", 1, 8)), b.add(Ptr(0))
    id = b.reserve()
    members = {
        "itself": (Member("x", id, 0),),
        "itself unnamed": (Member("", id, 0),),
        "beyond": (Member("x", byte, 64),),
        "bits beyond": (Member("x", byte, 60, 5),),
        "not whole": (Member("x", byte, 3),),
        "bits of a pointer": (Member("x", void, 0, 3),),
        "bits too wide": (Member("x", byte, 0, 9),),
        "twice": (Member("x", byte, 0), Member("x", byte, 8)),
        "no size": (Member("x", 0, 0),),
        "missing": (Member("x", 99, 0),),
        "array of itself": (Member("x", b.add(Array(id, byte, 1)), 0),),
        "huge": (Member("x", b.add(Array(byte, byte, 2**32 - 1)), 0),),
    }[what]
    b.set(id, Composite("s", 8, members))
    return Btf(b.bytes()), id


@pytest.mark.parametrize(
    "what",
    ["itself", "itself unnamed", "beyond", "bits beyond", "not whole", "bits of a pointer",
     "bits too wide", "twice", "no size", "missing", "array of itself", "huge"],
)  # fmt: skip
def test_types_that_cannot_be_are_refused(what: str) -> None:
    with pytest.raises(ObjectError):
        struct_of(*bad(what))


def test_depth_is_bounded() -> None:
    b = Builder()
    id = b.add(Int("int", 4, 32))
    byte = id
    for _ in range(60):
        id = b.add(Array(id, byte, 1))
    with pytest.raises(ObjectError):
        field_type_of(Btf(b.bytes()), id)
    b = Builder()
    id = b.add(Int("int", 4, 32))
    for n in range(60):
        id = b.add(Composite(f"s{n}", 4, (Member("x", id, 0),)))
    with pytest.raises(ObjectError):
        struct_of(Btf(b.bytes()), id)
    b = Builder()
    id = b.add(Int("int", 4, 32))
    for _ in range(60):
        id = b.add(Modifier(Kind.TYPEDEF, id, "t"))
    with pytest.raises(ObjectError):
        field_type_of(Btf(b.bytes()), id)


def test_what_is_no_struct_is_said() -> None:
    c = C()
    with pytest.raises(ObjectError, match="is no struct"):
        struct_of(c.btf(), c.u32)


@pytest.mark.skipif(not VMLINUX.exists(), reason="no types of a kernel here")
def test_structs_of_the_kernel_have_the_sizes_it_says() -> None:
    btf = Btf(VMLINUX.read_bytes())
    for name in ("task_struct", "sk_buff", "net_device", "sockaddr_in6", "bpf_insn", "ethhdr"):
        id = btf.find(name, Kind.STRUCT)
        assert id is not None
        kind = struct_of(btf, id)
        assert sizeof(kind) == btf.size(id)
        record = unpack(kind, bytes(sizeof(kind)))
        assert record == unpack(kind, bytes(sizeof(kind)))
        assert repr(record).startswith(f"{name}(")


LAYOUT = """
#ifndef __bpf__
#include <stdio.h>
#include <string.h>
#endif
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;
enum state { IDLE, BUSY = 7 };
struct in { uint16_t x; union { uint32_t whole; uint8_t parts[4]; }; } __attribute__((packed));
struct event {
    char comm[5]; unsigned a : 3; int b : 9; uint64_t c : 40; _Bool sure; enum state state;
    struct in in[2]; struct { long deep; } named; double real; short grid[2][3];
    unsigned __int128 big; uint8_t mac[6]; uint64_t last : 64; void *to;
} __attribute__((aligned(32)));
#ifdef __bpf__
struct event *seen __attribute__((section("maps_of_none")));
struct event held;
#else
int main(void) {
    static struct event e;
    strcpy(e.comm, "sh"); e.a = 5; e.b = -77; e.c = 1ull << 39; e.sure = 1; e.state = BUSY;
    e.in[1].x = 9; e.in[1].whole = 0x01020304; e.named.deep = -2; e.real = 0.25; e.grid[1][2] = -3;
    e.big = (unsigned __int128)1 << 100; memset(e.mac, 0xaa, 6); e.last = 3; e.to = (void *)16;
    return fwrite(&e, sizeof e, 1, stdout) != 1;
}
#endif
"""


@pytest.mark.peer
def test_a_layout_is_the_compilers(tmp_path: Path) -> None:
    source = tmp_path / "layout.c"
    source.write_text(LAYOUT)
    elf = read_elf(clang(source, tmp_path).read_bytes())
    subprocess.run([tool("clang"), source, "-o", tmp_path / "layout"], check=True)
    data = subprocess.run([tmp_path / "layout"], check=True, capture_output=True).stdout
    btf = Btf(elf.data(".BTF") or b"")
    id = btf.find("event", Kind.STRUCT)
    assert id is not None
    kind = struct_of(btf, id)
    assert sizeof(kind) == len(data)
    e: Any = unpack(kind, data)
    assert (e.comm, e.a, e.b, e.c, e.sure, e.state.name) == ("sh", 5, -77, 1 << 39, True, "BUSY")
    assert e.in_[1].whole == 0x01020304
    assert e.in_[1].parts == b"\4\3\2\1"
    assert (e.in_[1].x, e.named.deep, e.real, e.grid) == (9, -2, 0.25, ((0, 0, 0), (0, 0, -3)))
    assert (e.big, e.mac, e.last, e.to) == (1 << 100, b"\xaa" * 6, 3, 16)
    again = kind(**{field.name: getattr(e, field.name) for field in fields(kind)})
    assert pack(again) == data


def test_one_value_is_a_struct_of_one_field() -> None:
    c = C()
    one: Any = single("number", field_type_of(c.btf(), c.i32))
    assert read(one, b"\xff" * 4).value == -1
    assert pack(one(value=-1)) == b"\xff" * 4
