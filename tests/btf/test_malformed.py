"""Bytes that are not BTF, or not quite: an ObjectError, never anything else."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest

from kring.btf.blob import Btf
from kring.btf.core import resolve
from kring.btf.ext import CoreKind, CoreReloc, ExtSection, FuncInfo, LineInfo, parse_ext, write_ext
from kring.btf.types import (
    Array,
    Composite,
    DataSec,
    DeclTag,
    Enum,
    Float,
    Func,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Var,
)
from kring.btf.write import Builder
from kring.errors import ObjectError


def blob() -> tuple[bytes, bytes]:
    """BTF with every kind in it, and a .BTF.ext beside it."""
    b = Builder()
    int_ = b.add(Int("int", 4, 32, signed=True))
    node = b.reserve()
    inner = b.add(Composite("", 8, (Member("a", int_, 0), Member("b", int_, 32)), is_union=False))
    any_ = b.add(Composite("", 8, (Member("c", int_, 0), Member("", inner, 0)), is_union=True))
    array = b.add(Array(int_, int_, 4))
    name = b.add(Modifier(Kind.TYPEDEF, b.add(Modifier(Kind.CONST, array)), "name_t"))
    members = (Member("next", b.add(Ptr(node)), 0), Member("", any_, 64), Member("n", name, 128))
    b.set(node, Composite("node", 32, members))
    b.add(Composite("flags", 4, (Member("x", int_, 0, 3), Member("y", int_, 3, 9))))
    b.add(Enum("small", 4, (("A", -1), ("B", 2)), signed=True))
    b.add(Enum("large", 8, (("C", 2**40),), wide=True))
    b.add(Fwd("hidden"))
    func = b.add(Func("main", b.add(FuncProto(int_, (("ctx", b.add(Ptr(0))),)))))
    b.add(DataSec(".maps", 8, ((b.add(Var("events", int_)), 0, 4),)))
    b.add(Float("double", 8))
    b.add(DeclTag("kring:record=Exec", node, 1))
    for kind in (Kind.VOLATILE, Kind.RESTRICT):
        b.add(Modifier(kind, int_))
    b.add(Modifier(Kind.TYPE_TAG, int_, "rcu"))
    section = ExtSection(
        (FuncInfo(0, func),),
        (LineInfo(0, "f.py", "x = 1", 1, 2), LineInfo(1, "f.py", "y = 2", 2, 1)),
        (CoreReloc(0, node, "0:1:1:0", CoreKind.FIELD_BYTE_OFFSET),),
    )
    ext = write_ext(b, {"xdp": section})
    return b.bytes(), ext


BTF, EXT = blob()
RECORDS = parse_ext(EXT, Btf(BTF))["xdp"].relocs


def test_everything_of_the_sample_is_understood() -> None:
    btf = Btf(BTF)
    assert {btf.kind(id) for id in range(len(btf))} == set(Kind)
    assert resolve(RECORDS[0], btf, btf).value == 8


def test_every_truncation_is_noticed() -> None:
    for end in range(len(BTF)):
        with pytest.raises(ObjectError):
            Btf(BTF[:end])
    for end in range(len(EXT)):
        with pytest.raises(ObjectError):
            parse_ext(EXT[:end], Btf(BTF))


def header(**fields: int) -> bytes:
    values = {"magic": 0xEB9F, "version": 1, "flags": 0, "size": 24}
    values |= {"types": 0, "types_size": 12, "strings": 12, "strings_size": 1} | fields
    return struct.pack("<HBB5I", *values.values())


POINTER = struct.pack("<III", 0, 2 << 24, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes are too few"),
        (b"\x7fELF" + bytes(60), "magic is 7f45, not 9feb"),
        (header(version=2) + POINTER + b"\0", "version 2"),
        (header(flags=1) + POINTER + b"\0", "flags 0x1"),
        (header(size=20) + POINTER + b"\0", "header of 20 bytes"),
        (header(types_size=16) + POINTER + b"\0", "types end at byte 40 of 37"),
        (header(strings_size=2) + POINTER + b"\0", "strings end at byte 38 of 37"),
        (header(types=2) + POINTER + bytes(9), "types at 2"),
        (header(strings_size=0) + POINTER + b"\0", "end with NUL"),
        (header() + POINTER + b"x", "end with NUL"),
        (header(strings_size=2) + POINTER + b"x\0", "first string"),
    ],
)
def test_a_bad_header_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(ObjectError, match=message):
        Btf(data)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((0, 0, 0), "type 1: info word 0x00000000 is of no known kind"),
        ((0, 20 << 24, 0), "no known kind"),
        ((0, 0x6200_0000, 0), "no known kind"),
        ((0, 0x0201_0000, 0), "no known kind"),
        ((0, 2 << 24 | 1, 0), "entries to a kind that has none"),
        ((0, 12 << 24 | 3, 0), "entries to a kind that has none"),
        ((0, 3 << 24, 0), "type 1: is cut off"),
        ((0, 4 << 24 | 0xFFFF, 0), "type 1: is cut off"),
        ((0,), "type 1: is cut off"),
    ],
)
def test_a_bad_type_says_which(words: tuple[int, ...], message: str) -> None:
    types = struct.pack(f"<{len(words)}I", *words)
    btf = Btf(header(types_size=len(types), strings=len(types)) + types + b"\0", where="x.o")
    for _ in range(2):
        with pytest.raises(ObjectError, match=f"x.o: .*{message}"):
            len(btf)
        with pytest.raises(ObjectError, match=message):
            btf[1]


def test_whether_there_are_types_is_known_without_counting_them() -> None:
    btf = Btf(header() + bytes(12) + b"\0")
    assert btf
    with pytest.raises(ObjectError):
        len(btf)


def test_strings_are_checked_when_asked_for() -> None:
    types = struct.pack("<III", 1, 7 << 24, 0) + struct.pack("<III", 9, 7 << 24, 0)
    data = header(types_size=24, strings=24, strings_size=3) + types + b"\0\xff\0"
    btf = Btf(data)
    with pytest.raises(ObjectError, match="not UTF-8"):
        btf[1]
    with pytest.raises(ObjectError, match="offset 9 is outside the strings"):
        btf[2]
    with pytest.raises(ObjectError, match="no type 3; the last one is 2"):
        btf[3]
    with pytest.raises(ObjectError, match="no type -1"):
        btf[-1]


def test_a_string_too_long_for_a_name_is_refused() -> None:
    b = Builder()
    b.add(Fwd("x" * 2000))
    with pytest.raises(ObjectError, match="over 1024 bytes"):
        Btf(b.bytes())[1]


def test_types_made_to_keep_us_busy_are_given_up() -> None:
    """Function types of two parameters each, 32 deep: two to the power of 32 comparisons."""
    b = Builder()
    last = b.add(Int("int", 4, 32))
    for _ in range(31):
        last = b.add(Ptr(b.add(FuncProto(last, (("a", last), ("b", last))))))
    top = b.add(Modifier(Kind.TYPEDEF, last, "deep_t"))
    one, other = Btf(b.bytes()), Btf(b.bytes())
    for kind in (CoreKind.TYPE_EXISTS, CoreKind.TYPE_MATCHES):
        with suppress(ObjectError):
            assert resolve(CoreReloc(0, top, "0", kind), one, other).value == 1


def test_a_struct_inside_itself_is_searched_once() -> None:
    b = Builder()
    loop = b.reserve()
    b.set(loop, Composite("loop", 8, tuple(Member("", loop, 0) for _ in range(50))))
    btf = Btf(b.bytes())
    mine = Builder()
    asked = mine.add(Composite("loop", 8, (Member("x", mine.add(Ptr(0)), 0),)))
    answer = resolve(CoreReloc(0, asked, "0:0", CoreKind.FIELD_EXISTS), Btf(mine.bytes()), btf)
    assert answer.value == 0


def test_records_that_are_not_whole_words_are_refused() -> None:
    ext = bytearray(EXT)
    ext[32] = 9  # the record size of func_info
    with pytest.raises(ObjectError, match="records of 9 bytes"):
        parse_ext(bytes(ext), Btf(BTF))
