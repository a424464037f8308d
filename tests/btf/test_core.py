"""CO-RE answers by value, on pairs of small type graphs built here.

A side is described as a dict of names, so that a test reads as the two declarations it compares.
"""

from __future__ import annotations

import pytest
from paths import field_path
from splitting import split

from kring.btf.blob import Btf
from kring.btf.core import Candidates, Resolved, resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.types import (
    Array,
    Composite,
    Enum,
    Float,
    FuncProto,
    Fwd,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Type,
)
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.record import replace


class Side:
    """A blob in the making; every method gives the id of the type it adds."""

    def __init__(self, where: str) -> None:
        self.builder = Builder()
        self.where = where
        self.i32 = self.add(Int("int", 4, 32, signed=True))
        self.u32 = self.add(Int("unsigned int", 4, 32))
        self.u64 = self.add(Int("unsigned long", 8, 64))
        self.char = self.add(Int("char", 1, 8, signed=True))

    def add(self, type: Type) -> int:
        return self.builder.add(type)

    def struct(self, name: str, size: int, *members: tuple[str, int, int], **also: bool) -> int:
        """Members are (name, type, byte offset)."""
        rows = tuple(Member(name, type, at * 8) for name, type, at in members)
        return self.add(Composite(name, size, rows, **also))

    def bits(self, name: str, size: int, *members: tuple[str, int, int, int]) -> int:
        """Members are (name, type, bit offset, bitfield size)."""
        return self.add(Composite(name, size, tuple(Member(*row) for row in members)))

    def array(self, of: int, count: int) -> int:
        return self.add(Array(of, self.u32, count))

    def btf(self) -> Btf:
        return Btf(self.builder.bytes(), where=self.where)


@pytest.fixture
def local() -> Side:
    return Side("program")


@pytest.fixture
def target() -> Side:
    return Side("kernel")


def ask(local: Side, target: Side, type_id: int, access: str, kind: CoreKind) -> Resolved:
    return resolve(CoreReloc(0, type_id, access, kind), local.btf(), target.btf())


def answers(local: Side, target: Side, id: int, access: str, *kinds: CoreKind) -> list[int | None]:
    return [ask(local, target, id, access, kind).value for kind in kinds]


K = CoreKind
FIELD = (
    K.FIELD_BYTE_OFFSET,
    K.FIELD_BYTE_SIZE,
    K.FIELD_EXISTS,
    K.FIELD_SIGNED,
    K.FIELD_LSHIFT_U64,
    K.FIELD_RSHIFT_U64,
)
TYPE = (K.TYPE_ID_TARGET, K.TYPE_EXISTS, K.TYPE_SIZE, K.TYPE_MATCHES)


def test_a_field_that_moved_and_grew(local: Side, target: Side) -> None:
    mine = local.struct("task", 8, ("pid", local.u32, 0), ("tgid", local.u32, 4))
    target.struct("task", 32, ("state", target.u64, 0), ("tgid", target.u64, 16))
    assert answers(local, target, mine, "0:1", *FIELD) == [16, 8, 1, 0, 0, 0]
    assert ask(local, target, mine, "0:1", K.FIELD_BYTE_OFFSET) == Resolved(
        "task.tgid", 16, local_value=4, size=8, local_size=4, signed=False, resizable=True
    )


def test_a_signed_field_that_grew_cannot_be_loaded_wider(local: Side, target: Side) -> None:
    mine = local.struct("task", 4, ("pid", local.i32, 0))
    long = target.add(Int("long", 8, 64, signed=True))
    target.struct("task", 8, ("pid", long, 0))
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert (answer.signed, answer.resizable) == (True, False)
    assert answers(local, target, mine, "0:0", *FIELD) == [0, 8, 1, 1, 0, 0]


def test_shifts_of_a_plain_field(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))
    target.struct("s", 8, ("b", target.u32, 0), ("a", target.u32, 4))
    assert answers(local, target, mine, "0:0", *FIELD[4:]) == [32, 32]


def test_flavours_do_not_count(local: Side, target: Side) -> None:
    mine = local.struct("task___old", 4, ("x", local.u32, 0))
    target.struct("task", 12, ("x", target.u32, 8))
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert (answer.value, answer.name) == (8, "task.x")


def test_flavours_of_the_target_are_candidates(local: Side, target: Side) -> None:
    mine = local.struct("task", 4, ("x", local.u32, 0))
    target.struct("task", 4, ("y", target.u32, 0))
    target.struct("task___v2", 8, ("y", target.u32, 0), ("x", target.u32, 4))
    target.struct("task____no_flavour", 8, ("x", target.u32, 0))
    assert ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET).value == 4


def test_anonymous_members_come_and_go(local: Side, target: Side) -> None:
    inner = local.struct("", 8, ("a", local.u32, 0), ("b", local.u32, 4))
    mine = local.struct("s", 16, ("head", local.u64, 0), ("", inner, 8))
    deep = target.struct("", 4, ("b", target.u32, 0), is_union=True)
    middle = target.struct("", 12, ("c", target.u64, 0), ("", deep, 8))
    target.struct("s", 40, ("", target.struct("", 0), 0), ("", middle, 16), ("a", target.u32, 32))
    assert ask(local, target, mine, "0:1:1", K.FIELD_BYTE_OFFSET).value == 24
    assert ask(local, target, mine, "0:1:0", K.FIELD_BYTE_OFFSET).value == 32
    assert ask(local, target, mine, "0:1:1", K.FIELD_BYTE_OFFSET).local_value == 12


def test_typedefs_and_qualifiers_are_looked_through(local: Side, target: Side) -> None:
    inner = local.struct("inner", 4, ("x", local.u32, 0))
    const = local.add(Modifier(Kind.CONST, inner))
    mine = local.add(Modifier(Kind.TYPEDEF, local.struct("", 4, ("in", const, 0)), "outer_t"))
    there = target.struct("inner_renamed", 8, ("y", target.u32, 0), ("x", target.u32, 4))
    tag = target.add(Modifier(Kind.TYPE_TAG, there, "rcu"))
    target.add(Modifier(Kind.TYPEDEF, target.struct("", 16, ("in", tag, 8)), "outer_t"))
    assert ask(local, target, mine, "0:0:0", K.FIELD_BYTE_OFFSET).value == 12


def test_array_elements(local: Side, target: Side) -> None:
    mine = local.struct("s", 8, ("v", local.array(local.u32, 2), 0))
    target.struct("s", 64, ("v", target.array(target.u64, 4), 8))
    kinds = FIELD[:3]
    assert answers(local, target, mine, "0:0:1", *kinds) == [16, 8, 1]
    assert answers(local, target, mine, "0:0", *kinds) == [8, 32, 1]
    answer = ask(local, target, mine, "0:0:1", K.FIELD_BYTE_OFFSET)
    assert (answer.name, answer.size, answer.local_size) == ("s.v[1]", 8, 4)
    assert ask(local, target, mine, "3:0", K.FIELD_BYTE_OFFSET).value == 3 * 64 + 8


def test_an_index_past_the_targets_array_is_missing(local: Side, target: Side) -> None:
    mine = local.struct("s", 16, ("v", local.array(local.u32, 4), 0))
    target.struct("s", 8, ("v", target.array(target.u32, 2), 0))
    answer = ask(local, target, mine, "0:0:3", K.FIELD_BYTE_OFFSET)
    assert answer.value is None
    assert answer.reason == "s.v of kernel has 2 elements, 3 is not one"


def test_a_flexible_array_has_every_index(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("n", local.u32, 0), ("v", local.array(local.u32, 0), 4))
    target.struct("s", 8, ("n", target.u32, 0), ("v", target.array(target.u32, 0), 8))
    assert ask(local, target, mine, "0:1:5", K.FIELD_BYTE_OFFSET).value == 28
    not_last = local.struct("t", 4, ("v", local.array(local.u32, 0), 0), ("n", local.u32, 0))
    with pytest.raises(ObjectError, match="nothing at index 5"):
        ask(local, target, not_last, "0:0:5", K.FIELD_BYTE_OFFSET)


@pytest.mark.parametrize(
    ("mine", "theirs", "resizable"),
    [
        ((4, False, 8), (4, False, 4), True),  # other lengths
        ((4, False, 8), (8, False, 4), True),  # wider elements without sign
        ((4, True, 8), (8, True, 4), False),
        ((4, True, 8), (4, True, 16), True),
    ],
    ids=str,
)
def test_a_load_from_an_array_is_of_an_element(
    local: Side,
    target: Side,
    mine: tuple[int, bool, int],
    theirs: tuple[int, bool, int],
    resizable: bool,
) -> None:
    """Compilers fold `s->v[0]` into a load from `s->v`."""

    def add(side: Side, size: int, signed: bool, count: int) -> int:
        element = side.add(Int("element", size, size * 8, signed=signed))
        rows = side.array(side.array(element, count), 2)
        return side.struct("s", 2 * size * count + 8, ("v", rows, 8))

    asked = add(local, *mine)
    add(target, *theirs)
    answer = ask(local, target, asked, "0:0", K.FIELD_BYTE_OFFSET)
    assert (answer.local_size, answer.size, answer.resizable) == (mine[0], theirs[0], resizable)
    answer = ask(local, target, asked, "0:0:1", K.FIELD_BYTE_OFFSET)
    assert (answer.value, answer.size) == (8 + theirs[0] * theirs[2], theirs[0])
    assert ask(local, target, asked, "0:0", K.FIELD_BYTE_SIZE).value == 2 * theirs[0] * theirs[2]


def test_bitfields(local: Side, target: Side) -> None:
    mine = local.bits("s", 4, ("a", local.u32, 0, 3))
    target.bits("s", 8, ("z", target.u32, 0, 0), ("y", target.u32, 32, 5), ("a", target.i32, 37, 7))
    # bits 5 to 11 of the word at byte 4, little-endian
    assert answers(local, target, mine, "0:0", *FIELD) == [4, 4, 1, 1, 64 - 12, 64 - 7]
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert (answer.size, answer.local_size) == (None, None)


def test_a_bitfield_across_words_is_loaded_wider(local: Side, target: Side) -> None:
    mine = local.bits("s", 4, ("a", local.u32, 0, 3))
    target.bits("s", 8, ("y", target.u32, 0, 30), ("a", target.u32, 30, 9))
    assert answers(local, target, mine, "0:0", *FIELD) == [0, 8, 1, 0, 64 - 39, 64 - 9]


def test_big_endian_shifts_count_from_the_other_end(local: Side) -> None:
    from test_round_trip import byte_swapped

    mine = local.bits("s", 8, ("z", local.u32, 0, 0), ("a", local.u32, 37, 7))
    big = Btf(byte_swapped(local.builder.bytes()))
    asked = CoreReloc(0, mine, "0:1", K.FIELD_LSHIFT_U64)
    assert resolve(asked, local.btf(), big).value == 32 + 5
    assert resolve(asked, local.btf(), local.btf()).value == 64 - 12


def test_a_missing_member_names_the_close_one(local: Side, target: Side) -> None:
    mine = local.struct("task", 8, ("real_paren", local.u64, 0))
    inner = target.struct("", 8, ("real_parent", target.u64, 0))
    target.struct("task", 16, ("pid", target.u32, 0), ("", inner, 8))
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert answer.value is None
    assert answer.reason == (
        "struct task of kernel has no member 'real_paren'. Did you mean 'real_parent'?"
    )
    assert answers(local, target, mine, "0:0", *FIELD) == [None, None, 0, None, None, None]


def test_a_missing_type(local: Side, target: Side) -> None:
    mine = local.struct("nothing", 4, ("a", local.u32, 0))
    target.struct("nothing", 4, is_union=True)  # a union of that name is another type
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert (answer.value, answer.reason) == (None, "kernel has no struct nothing")
    assert answers(local, target, mine, "0:0", *FIELD[1:3]) == [None, 0]
    assert answers(local, target, mine, "0", *TYPE) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("mine", "theirs", "fits"),
    [
        (Int("int", 4, 32), Int("u8", 1, 8), True),
        (Int("int", 4, 32), Int("old", 4, 3, offset=2), False),
        (Int("int", 4, 32), Ptr(0), False),
        (Ptr(0), Ptr(1), True),
        (Float("float", 4), Float("double", 8), True),
        (Composite("a", 4, ()), Composite("b", 8, ()), True),
        (Composite("a", 4, ()), Composite("a", 4, (), is_union=True), True),
        (Enum("e", 4, ()), Enum("e___x", 8, (), wide=True), True),
        (Enum("e", 4, ()), Enum("f", 4, ()), False),
        (Enum("", 4, ()), Enum("f", 4, ()), True),
        (Array(1, 2, 4), Array(2, 2, 8), True),
    ],
    ids=repr,
)
def test_which_members_stand_for_each_other(
    local: Side, target: Side, mine: Type, theirs: Type, fits: bool
) -> None:
    asked = local.struct("s", 8, ("m", local.add(mine), 0))
    target.struct("s", 8, ("m", target.add(theirs), 0))
    answer = ask(local, target, asked, "0:0", K.FIELD_EXISTS)
    assert answer.value == fits
    assert bool(answer.reason) != fits
    assert fits or answer.reason.startswith("s.m is `")


def test_candidates_that_agree_are_one(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))
    for size in (8, 12):
        target.struct("s", size, ("a", target.u32, 4))
    target.struct("s", 4, ("other", target.u32, 0))
    assert answers(local, target, mine, "0:0", *FIELD[:3]) == [4, 4, 1]


def test_what_one_question_rules_out_is_left_out_of_the_next(local: Side, target: Side) -> None:
    """Or else a program would take one field from this type and one from that."""
    mine = local.struct("s", 12, *((name, local.u32, 4 * at) for at, name in enumerate("abc")))
    target.struct("s", 8, ("c", target.u32, 0), ("a", target.u32, 4))
    target.struct("s", 8, ("c", target.u32, 0), ("b", target.u32, 4))
    asked = {name: CoreReloc(0, mine, f"0:{at}", K.FIELD_EXISTS) for at, name in enumerate("abc")}
    mine_btf, theirs = local.btf(), target.btf()
    for order, expected in (("cab", [1, 1, 0]), ("ba", [1, 0]), ("acb", [1, 1, 0])):
        candidates = Candidates(mine_btf, theirs)
        found = [resolve(asked[name], mine_btf, theirs, candidates).value for name in order]
        assert found == expected
    assert [resolve(asked[name], mine_btf, theirs).value for name in "ab"] == [1, 1]


def test_every_candidate_says_why_it_does_not_fit(local: Side, target: Side) -> None:
    inner = local.struct("in", 4, ("x", local.u32, 0))
    mine = local.struct("s", 4, ("a", inner, 0))
    first = target.struct("s", 8, ("b", target.u32, 4))
    second = target.struct("s___2", 8, ("a", target.u32, 4))
    assert ask(local, target, mine, "0:0:0", K.FIELD_BYTE_OFFSET).reason == (
        f"s.a.x: none of 2 candidates fits: [{first}] struct s of kernel has no member 'a'; "
        f"[{second}] s___2.a is `unsigned int` in kernel, `struct in` in the program"
    )


def test_a_path_that_ends_early_is_named(local: Side, target: Side) -> None:
    inner = local.struct("in", 4, ("x", local.u32, 0))
    mine = local.struct("s", 4, ("a", inner, 0))
    target.struct("s", 4, ("a", target.struct("in", 4, ("y", target.u32, 0)), 0))
    answer = ask(local, target, mine, "0:0:0", K.FIELD_BYTE_OFFSET)
    assert answer.reason == "s.a.x: struct in of kernel has no member 'x'"


def test_a_missing_type_names_the_close_one(local: Side, target: Side) -> None:
    mine = local.struct("task_strct", 4, ("a", local.u32, 0))
    target.struct("task_struct", 4, ("a", target.u32, 0))
    target.add(Enum("task_state", 4, ()))
    answer = ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    assert answer.reason == "kernel has no struct task_strct. Did you mean 'task_struct'?"


def test_types_of_modules_are_those_the_kernel_lacks(local: Side, target: Side) -> None:
    mine = local.struct("ext4_inode", 8, ("size", local.u64, 0))
    other = local.struct("task", 4, ("pid", local.u32, 0))
    third = local.struct("size", 4, ("nlink", local.u32, 0))
    target.struct("task", 16, ("size", target.u32, 0), ("pid", target.u32, 12))
    u32, u64 = target.u32, target.u64
    asked: list[str] = []

    def modules(base: Btf) -> list[Btf]:
        asked.append(base.where)
        near = Composite("ext4_inode", 64, (Member("size", u64, 40 * 8),))
        task = Composite("task", 16, (Member("pid", u32, 0),))
        shared = Composite("size", 16, (Member("nlink", u32, 64),))
        return [split(base, "ext4", near, task), split(base, "xfs", near, shared)]

    kernel = Btf(target.builder.bytes(), where="kernel", split=modules)
    program = local.btf()

    def value(id: int, access: str = "0:0", kind: CoreKind = K.FIELD_BYTE_OFFSET) -> int | None:
        return resolve(CoreReloc(0, id, access, kind), program, kernel).value

    assert value(other) == 12
    assert not asked
    assert value(mine) == 40
    assert value(third) == 8  # its name is a string of the kernel's
    assert value(mine, "0", K.TYPE_ID_TARGET) == len(kernel)
    assert value(mine, "0", K.TYPE_SIZE) == 64
    assert asked == ["kernel"]
    gone = local.struct("btrfs", 4, ("x", local.u32, 0))
    answer = resolve(CoreReloc(0, gone, "0:0", K.FIELD_BYTE_OFFSET), local.btf(), kernel)
    assert answer.reason == "kernel and its modules have no struct btrfs"


def test_modules_that_disagree_are_an_error(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))

    def modules(base: Btf) -> list[Btf]:
        sizes = (0, 64)
        return [split(base, "m", Composite("s", 16, (Member("a", 2, at),))) for at in sizes]

    kernel = Btf(target.builder.bytes(), where="kernel", split=modules)
    with pytest.raises(ObjectError, match="is ambiguous"):
        resolve(CoreReloc(0, mine, "0:0", K.FIELD_BYTE_OFFSET), local.btf(), kernel)


def test_candidates_that_disagree_are_an_error(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))
    for at in (0, 4):
        target.struct("s", 8, ("a", target.u32, at))
    with pytest.raises(ObjectError, match=r"FIELD_BYTE_OFFSET of s\.a is ambiguous: kernel"):
        ask(local, target, mine, "0:0", K.FIELD_BYTE_OFFSET)
    with pytest.raises(ObjectError, match=r"FIELD_BYTE_SIZE of s\.a is ambiguous"):
        ask(local, target, mine, "0:0", K.FIELD_BYTE_SIZE)
    with pytest.raises(ObjectError, match="TYPE_ID_TARGET of s is ambiguous"):
        ask(local, target, mine, "0", K.TYPE_ID_TARGET)
    assert ask(local, target, mine, "0", K.TYPE_EXISTS).value == 1


def test_questions_about_types(local: Side, target: Side) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))
    theirs = target.struct("s", 24, ("b", target.u32, 0), ("a", target.u32, 4))
    assert theirs != mine or target.u64 == 3
    assert answers(local, target, mine, "0", *TYPE) == [theirs, 1, 24, 1]
    assert ask(local, target, mine, "0", K.TYPE_ID_LOCAL).value == mine
    assert ask(local, target, mine, "0", K.TYPE_SIZE).local_value == 4


def test_compatible_types_need_not_match(local: Side, target: Side) -> None:
    mine = local.struct("s", 8, ("a", local.u32, 0), ("gone", local.u32, 4))
    target.struct("s", 8, ("a", target.u32, 0))
    assert answers(local, target, mine, "0", *TYPE[1:]) == [1, 8, 0]


@pytest.mark.parametrize(
    ("params", "ret", "fits"), [((1, 2), 2, True), ((1,), 2, False), ((1, 5), 2, False)]
)
def test_function_types_are_compared_through(
    local: Side, target: Side, params: tuple[int, ...], ret: int, fits: bool
) -> None:
    def add(side: Side, params: tuple[int, ...], ret: int) -> int:
        assert side.add(Ptr(0)) == 5
        proto = side.add(FuncProto(ret, tuple(("", id) for id in params)))
        return side.add(Modifier(Kind.TYPEDEF, side.add(Ptr(proto)), "fn_t"))

    mine = add(local, (1, 2), 2)
    add(target, params, ret)
    assert ask(local, target, mine, "0", K.TYPE_EXISTS).value == fits
    assert ask(local, target, mine, "0", K.TYPE_MATCHES).value == fits


@pytest.mark.parametrize(
    ("mine", "theirs", "fits"),
    [
        (Int("int", 4, 32), Int("int", 4, 32), True),
        (Int("int", 4, 32), Int("int", 4, 32, signed=True), False),
        (Int("int", 4, 32), Int("int", 8, 64), False),
        (Int("int", 4, 32), Int("long", 4, 32), False),
        (Enum("e", 4, (("A", 1),)), Enum("e", 4, (("B", 0), ("A___x", 9))), True),
        (Enum("e", 4, (("A", 1),)), Enum("e", 4, (("B", 1),)), False),
        (Enum("e", 4, ()), Enum("e", 8, ()), False),
        (Array(1, 2, 4), Array(1, 2, 4), True),
        (Array(1, 2, 4), Array(1, 2, 5), False),
        (Fwd("f"), Fwd("f"), True),
        (Fwd("f"), Fwd("f", is_union=True), False),
        (Fwd("f"), Composite("f", 4, ()), False),
        (Ptr(5), Ptr(5), True),
        (Ptr(5), Ptr(6), False),
        (Ptr(5), Ptr(7), True),
        (Ptr(5), Ptr(8), False),
        (Ptr(7), Ptr(5), True),
        (Ptr(1), Ptr(2), False),
        (Ptr(0), Ptr(0), True),
    ],
    ids=repr,
)
def test_what_a_member_must_be_to_match(
    local: Side, target: Side, mine: Type, theirs: Type, fits: bool
) -> None:
    for side in (local, target):
        assert side.add(Composite("deep", 4, (Member("m", 1, 0),))) == 5
        assert side.add(Composite("other", 4, ())) == 6
        assert side.add(Fwd("deep")) == 7
        assert side.add(Fwd("deep", is_union=True)) == 8
    asked = local.struct("s", 8, ("m", local.add(mine), 0))
    target.struct("s", 8, ("x", 1, 0), ("m", target.add(theirs), 0))
    assert ask(local, target, asked, "0", K.TYPE_MATCHES).value == fits


def test_enumerators(local: Side, target: Side) -> None:
    mine = local.add(Enum("state", 4, (("OFF", 0), ("ON", 1), ("LOST___new", 2))))
    wide = (("NEW", 0), ("ON___v2", -(2**40)), ("OFF", 7))
    target.add(Enum("state", 8, wide, signed=True, wide=True))
    kinds = (K.ENUMVAL_EXISTS, K.ENUMVAL_VALUE)
    assert answers(local, target, mine, "0", *kinds) == [1, 7]
    assert answers(local, target, mine, "1", *kinds) == [1, -(2**40)]
    assert answers(local, target, mine, "2", *kinds) == [0, None]
    answer = ask(local, target, mine, "2", K.ENUMVAL_VALUE)
    assert answer.reason == "enum state of kernel has no 'LOST___new'"
    assert (answer.name, answer.local_value) == ("state.LOST___new", 2)


@pytest.mark.parametrize(
    ("access", "kind"),
    [
        ("", K.FIELD_EXISTS),
        ("0:", K.FIELD_EXISTS),
        ("0:-1", K.FIELD_EXISTS),
        ("0:1_0", K.FIELD_EXISTS),
        ("0:\u0661", K.FIELD_EXISTS),
        ("0:99999999999", K.FIELD_EXISTS),
        (":".join("0" * 65), K.FIELD_EXISTS),
        ("0:7", K.FIELD_EXISTS),
        ("0:0:0", K.FIELD_EXISTS),
        ("0:0", K.TYPE_SIZE),
        ("1", K.TYPE_EXISTS),
        ("0", K.ENUMVAL_VALUE),
        ("0", K.FIELD_SIGNED),
    ],
)
def test_a_record_that_makes_no_sense(
    local: Side, target: Side, access: str, kind: CoreKind
) -> None:
    mine = local.struct("s", 4, ("a", local.u32, 0))
    target.struct("s", 4, ("a", target.u32, 0))
    with pytest.raises(ObjectError):
        ask(local, target, mine, access, kind)


@pytest.mark.parametrize("kind", CoreKind)
def test_a_record_about_a_type_that_is_not_there(local: Side, target: Side, kind: CoreKind) -> None:
    with pytest.raises(ObjectError, match="program: no type 4000; the last one is 4"):
        ask(local, target, 4000, "0", kind)


def test_what_the_program_holds_is_known_as_far_as_compilers_agree(
    local: Side, target: Side
) -> None:
    mine = local.bits("s", 4, ("a", local.u32, 0, 3))
    target.bits("s", 4, ("a", target.u32, 4, 3))
    held = [ask(local, target, mine, "0:0", kind).local_value for kind in FIELD]
    assert held == [None, None, 1, 0, None, 61]


def test_an_anonymous_type_cannot_be_looked_for(local: Side, target: Side) -> None:
    mine = local.struct("", 4, ("a", local.u32, 0))
    with pytest.raises(ObjectError, match="has no name"):
        ask(local, target, mine, "0:0", K.FIELD_EXISTS)


def test_the_same_blob_answers_about_itself(local: Side) -> None:
    """Even where another type has the name, or the type has none."""
    first = local.struct("s", 4, ("a", local.u32, 0))
    second = local.struct("s", 8, ("b", local.u32, 0), ("a", local.u32, 4))
    unnamed = local.struct("", 8, ("c", local.u64, 0), ("d", local.u64, 8 - 8))
    btf = local.btf()
    asked = CoreReloc(0, second, "0:1", K.FIELD_BYTE_OFFSET)
    answer = resolve(asked, btf, btf)
    assert (answer.value, answer.local_value, answer.size) == (4, 4, 4)
    assert resolve(replace(asked, type_id=first, access="0:0"), btf, btf).value == 0
    assert resolve(replace(asked, type_id=unnamed), btf, btf).value == 0
    assert resolve(CoreReloc(0, second, "0", K.TYPE_ID_TARGET), btf, btf).value == second


def test_field_path(local: Side) -> None:
    pair = local.struct("pair", 8, ("x", local.u32, 0), ("y", local.u32, 4))
    inner = local.struct("", 32, ("pad", local.u64, 0), ("v", local.array(pair, 3), 8))
    const = local.add(Modifier(Kind.CONST, inner))
    outer = local.struct("outer", 40, ("head", local.u64, 0), ("", const, 8))
    btf = local.btf()
    assert field_path(btf, outer, ["head"]) == ("0:0", 0, local.u64)
    assert field_path(btf, outer, ["v", 2, "y"]) == ("0:1:1:2:1", 36, local.u32)
    access, offset, _ = field_path(btf, outer, ["v", 2, "y"])
    reloc = CoreReloc(0, outer, access, K.FIELD_BYTE_OFFSET)
    assert resolve(reloc, btf, btf).value == offset
    with pytest.raises(ObjectError, match=r"struct outer of program has no member 'hed'. Did"):
        field_path(btf, outer, ["hed"])
    with pytest.raises(ObjectError, match="INT has no member 'x'"):
        field_path(btf, outer, ["head", "x"])
