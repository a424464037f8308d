"""Types written and read back are the same types, in blobs of either byte order, split or not."""

from __future__ import annotations

import struct
from array import array
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kring.btf.blob import Btf
from kring.btf.ext import (
    CoreKind,
    CoreReloc,
    ExtSection,
    FuncInfo,
    LineInfo,
    parse_ext,
    write_ext,
)
from kring.btf.types import (
    VOID,
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
    Type,
    Var,
)
from kring.btf.write import Builder
from kring.errors import ObjectError

U32 = st.integers(0, 2**32 - 1)
ID = st.integers(0, 2**20 - 1)
NAME = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
SIZE = st.integers(0, 64)


@st.composite
def composites(draw: st.DrawFn) -> Composite:
    is_union = draw(st.booleans())
    size = draw(SIZE)
    offsets = sorted(draw(st.lists(st.integers(0, size * 8), max_size=5)))
    members = tuple(
        Member(draw(NAME), draw(ID), 0 if is_union else at, draw(st.integers(0, 255)))
        for at in offsets
    )
    return Composite(draw(NAME), size, members, is_union)


@st.composite
def enums(draw: st.DrawFn) -> Enum:
    signed, wide = draw(st.booleans()), draw(st.booleans())
    bits = 64 if wide else 32
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    value = st.tuples(NAME, st.integers(low, high))
    values = draw(st.lists(value, max_size=5))
    return Enum(draw(NAME), draw(st.sampled_from([1, 2, 4, 8])), tuple(values), signed, wide)


@st.composite
def data_secs(draw: st.DrawFn) -> DataSec:
    ends = sorted(draw(st.sets(st.integers(1, 100), max_size=5)))
    rows = tuple(
        (draw(ID), begin, end - begin) for begin, end in zip([0, *ends], ends, strict=False)
    )
    return DataSec(draw(NAME), 100, rows)


BYTE = st.integers(0, 255)
TYPES: st.SearchStrategy[Type] = st.one_of(
    st.builds(Int, NAME, U32, BYTE, BYTE),
    st.builds(Int, NAME, U32, BYTE, signed=st.booleans()),
    st.builds(Int, NAME, U32, BYTE, char=st.booleans()),
    st.builds(Int, NAME, U32, BYTE, bool=st.booleans()),
    st.builds(Ptr, ID),
    st.builds(Array, ID, ID, U32),
    composites(),
    enums(),
    st.builds(Fwd, NAME, st.booleans()),
    st.builds(Modifier, st.sampled_from([Kind.CONST, Kind.VOLATILE, Kind.RESTRICT]), ID),
    st.builds(
        Modifier,
        st.sampled_from([Kind.TYPEDEF, Kind.TYPE_TAG]),
        ID,
        NAME.filter(bool),
    ),
    st.builds(Func, NAME, ID, st.integers(0, 2)),
    st.builds(FuncProto, ID, st.lists(st.tuples(NAME, ID), max_size=5).map(tuple)),
    st.builds(Var, NAME, ID, U32),
    data_secs(),
    st.builds(Float, NAME, U32),
    st.builds(DeclTag, NAME, ID, st.integers(-1, 2**31 - 1)),
)


def build(types: list[Type]) -> tuple[bytes, list[int]]:
    builder = Builder()
    ids = [builder.add(type) for type in types]
    return builder.bytes(), ids


def byte_swapped(data: bytes) -> bytes:
    """The same BTF as a machine of the other byte order writes it."""
    fields = struct.unpack_from("<HBB5I", data)
    _, _, _, header, _, types, strings, _ = fields
    words = array("I", data[header : header + types])
    words.byteswap()
    return struct.pack(">HBB5I", *fields) + words.tobytes() + data[header + strings :]


@given(st.lists(TYPES, max_size=8))
def test_types_survive_bytes(types: list[Type]) -> None:
    data, ids = build(types)
    for blob in (data, byte_swapped(data)):
        btf = Btf(blob)
        assert [btf[id] for id in ids] == types
        assert len(btf) == len(set(types)) + 1
        assert next(iter(btf)) is VOID


@given(st.lists(TYPES, max_size=8), st.data())
def test_find_agrees_with_looking_at_every_type(types: list[Type], data: st.DataObject) -> None:
    btf = Btf(build(types)[0])
    names = sorted({btf.name(id) for id in range(len(btf))} - {""}) or ["nothing"]
    name = data.draw(st.sampled_from(names))
    kinds = data.draw(st.lists(st.sampled_from(list(Kind)), max_size=3))
    expected = [
        id
        for id in range(1, len(btf))
        if btf.name(id) == name and (not kinds or btf.kind(id) in kinds)
    ]
    assert btf.find_all(name, *kinds) == expected
    assert btf.find(name, *kinds) == (expected[0] if expected else None)


def test_equal_types_share_an_id_and_equal_strings_an_offset() -> None:
    builder = Builder()
    assert builder.add(Int("int", 4, 32, signed=True)) == 1
    assert builder.add(Ptr(1)) == 2
    assert builder.add(Int("int", 4, 32, signed=True)) == 1
    assert builder.string("int") == builder.string("int") == 1
    assert builder.add(VOID) == 0


def test_a_reserved_id_makes_a_type_that_refers_to_itself() -> None:
    builder = Builder()
    node = builder.reserve()
    next_ = builder.add(Ptr(node))
    with pytest.raises(ObjectError, match="never set"):
        builder.bytes()
    builder.set(node, Composite("node", 8, (Member("next", next_, 0),)))
    assert Btf(builder.bytes()).find("node", Kind.STRUCT) == node
    with pytest.raises(ObjectError, match="not reserved"):
        builder.set(node, Ptr(0))


@pytest.mark.parametrize(
    "bad",
    [
        Composite("s", 8, (Member("b", 1, 32), Member("a", 1, 0))),
        Composite("s", 4, (Member("a", 1, 64),)),
        Composite("u", 8, (Member("a", 1, 8),), is_union=True),
        Composite("s", 2**24, (Member("a", 1, 2**24, 3),)),
        Composite("s", 8, tuple(Member("", 1, 0) for _ in range(65_536))),
        Enum("e", 4, (("A", 2**32),)),
        Enum("e", 4, (("A", -1),)),
        Enum("e", 8, (("A", 2**63),), signed=True, wide=True),
        DataSec("d", 8, ((1, 0, 4), (2, 2, 4))),
        DataSec("d", 4, ((1, 0, 8),)),
        Ptr(2**32),
        Ptr(-1),
        Int("i\0j", 4, 32),
        Int("i", 4, 256),
        Int("i", 1, 8, signed=True, char=True),
        Modifier(Kind.CONST, 1, "named"),
        Modifier(Kind.TYPEDEF, 1),
        Modifier(Kind.INT, 1),
        Func("f", 1, 4),
    ],
    ids=lambda type: type.__class__.__name__,
)
def test_what_the_kernel_would_refuse_is_refused_when_added(bad: Type) -> None:
    builder = Builder()
    with pytest.raises(ObjectError):
        builder.add(bad)
    assert len(Btf(builder.bytes())) == 1


def split(base: bytes, types: list[Type]) -> bytes:
    """Split BTF: its strings and ids begin where those of `base` end."""
    data, _ = build(types)
    header, types_size, strings_size = 24, *struct.unpack_from("<8xI4xI", data, 4)
    strings = data[-strings_size:]
    base_strings = struct.unpack_from("<I", base, 20)[0]
    words = array("I", data[header : header + types_size])
    assert all(isinstance(type, Fwd) for type in types), "no ids to move"
    for at in range(0, len(words), 3):
        words[at] += base_strings
    return data[:header] + words.tobytes() + strings


def test_split_btf_continues_its_base() -> None:
    base_data, _ = build([Int("int", 4, 32), Fwd("both"), Fwd("shared_tail")])
    base = Btf(base_data)
    module = Btf(split(base_data, [Fwd("mine"), Fwd("both")]), base, "module")
    assert len(module) == 6
    assert [module.name(id) for id in range(1, 6)] == ["int", "both", "shared_tail", "mine", "both"]
    assert module[1] == base[1]
    assert module[4] == Fwd("mine")
    assert module.find("mine") == 4
    assert module.find("int", Kind.INT) == 1
    assert module.find_all("both") == [2, 5]
    assert base.find("mine") is None
    assert list(module)[:4] == list(base)
    with pytest.raises(ObjectError, match="module: no type 6"):
        module[6]


def test_a_name_may_be_the_tail_of_a_longer_string() -> None:
    data, _ = build([Fwd("shared_tail"), Fwd("x"), Fwd("tail___v2")])
    words = array("I", data[24:60])
    words[3] = 1 + len("shared_")  # the second type's name
    btf = Btf(data[:24] + words.tobytes() + data[60:])
    assert btf.name(2) == "tail"
    assert btf.find_all("tail") == [2]
    assert btf.find_all("tail", flavours=True) == [2, 3]
    assert btf.find("ail") is None


def test_many_tails_are_searched_at_once() -> None:
    types: list[Type] = [Fwd(f"{n}_tail") for n in range(20)]
    data, _ = build([*types, Fwd("x")])
    words = array("I", data[24 : 24 + 21 * 12])
    words[60] = 1 + len("0_")
    btf = Btf(data[:24] + words.tobytes() + data[24 + 21 * 12 :])
    assert btf.find_all("tail", Kind.FWD) == [21]
    assert btf.find_all("tail", Kind.STRUCT) == []


def test_strip_and_size() -> None:
    btf = Btf(
        build(
            [
                Int("int", 4, 32),
                Modifier(Kind.CONST, 1),
                Modifier(Kind.TYPEDEF, 2, "number"),
                Array(3, 1, 5),
                Array(4, 1, 2),
                Ptr(0),
                Fwd("hidden"),
                Modifier(Kind.VOLATILE, 0),
            ]
        )[0]
    )
    assert btf.strip(3) == 1
    assert btf.strip(8) == 0
    assert [btf.size(id) for id in (1, 3, 4, 5, 6)] == [4, 4, 20, 40, 8]
    for sizeless, message in ((7, "FWD hidden"), (8, "VOID"), (0, "VOID")):
        with pytest.raises(ObjectError, match=f"{message} has no size"):
            btf.size(sizeless)


def test_types_that_lead_nowhere_end_in_an_error() -> None:
    btf = Btf(
        build([Modifier(Kind.TYPEDEF, 2, "a"), Modifier(Kind.TYPEDEF, 1, "b"), Array(3, 1, 9)])[0]
    )
    with pytest.raises(ObjectError, match="modifiers"):
        btf.strip(1)
    for id in (2, 3):
        with pytest.raises(ObjectError, match="its size"):
            btf.size(id)


ACCESS = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda n: ":".join(map(str, n)))
SLOT = st.integers(0, 2**29 - 1)


Row = TypeVar("Row", FuncInfo, LineInfo, CoreReloc)


def in_order(rows: st.SearchStrategy[Row]) -> st.SearchStrategy[tuple[Row, ...]]:
    return st.lists(rows, max_size=4, unique_by=lambda row: row.slot).map(
        lambda found: tuple(sorted(found, key=lambda row: row.slot))
    )


SECTIONS = st.dictionaries(
    NAME,
    st.builds(
        ExtSection,
        in_order(st.builds(FuncInfo, SLOT, U32)),
        in_order(
            st.builds(LineInfo, SLOT, NAME, NAME, st.integers(0, 2**22 - 1), st.integers(0, 1023))
        ),
        in_order(st.builds(CoreReloc, SLOT, U32, ACCESS, st.sampled_from(list(CoreKind)))),
    ).filter(lambda section: section != ExtSection()),
    max_size=3,
)


@given(SECTIONS)
def test_instruction_records_survive_bytes(sections: dict[str, ExtSection]) -> None:
    builder = Builder()
    data = write_ext(builder, sections)
    assert parse_ext(data, Btf(builder.bytes())) == sections


def test_a_column_that_does_not_fit_becomes_the_last() -> None:
    builder = Builder()
    line = LineInfo(0, "f.py", "x" * 2000, 7, 1999)
    data = write_ext(builder, {"xdp": ExtSection(lines=(line,))})
    (read,) = parse_ext(data, Btf(builder.bytes()))["xdp"].lines
    assert (read.line, read.column, read.line_text) == (7, 1023, "x" * 2000)


def test_records_come_out_in_order_of_slots() -> None:
    builder = Builder()
    funcs = (FuncInfo(9, 2), FuncInfo(0, 1))
    data = write_ext(builder, {"tc": ExtSection(funcs=funcs)})
    assert parse_ext(data, Btf(builder.bytes()))["tc"].funcs == funcs[::-1]


def test_a_number_that_does_not_fit_a_record_is_refused() -> None:
    with pytest.raises(ObjectError, match="u32"):
        write_ext(Builder(), {"tc": ExtSection(funcs=(FuncInfo(2**29, 1),))})
