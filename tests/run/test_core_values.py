"""Every kind of CO-RE question by value: programs run in the VM and in the kernel on the types of
kernels that never were, and their maps hold what those types say.

Both sides are built here; a case is two declarations and what a program finds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import NamedTuple

import pytest
from asking import Load, Question, ask, program
from foreign import Foreign

from kring import Kernel, LoadError, Vm
from kring.btf.blob import Btf
from kring.btf.ext import CoreKind
from kring.btf.types import Enum, FuncProto, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.errors import VmError
from kring.obj.relocate import missing
from kring.run.btf import read_btf
from kring.run.target import Target

K = CoreKind
OFFSET, SIZE, EXISTS = K.FIELD_BYTE_OFFSET, K.FIELD_BYTE_SIZE, K.FIELD_EXISTS
SIGNED, LEFT, RIGHT = K.FIELD_SIGNED, K.FIELD_LSHIFT_U64, K.FIELD_RSHIFT_U64
FIELD = (OFFSET, SIZE, EXISTS, SIGNED, LEFT, RIGHT)
HERE, THERE, TYPE_EXISTS = K.TYPE_ID_LOCAL, K.TYPE_ID_TARGET, K.TYPE_EXISTS
TYPE_SIZE, MATCHES = K.TYPE_SIZE, K.TYPE_MATCHES
VALUE_EXISTS, VALUE = K.ENUMVAL_EXISTS, K.ENUMVAL_VALUE


Declare = Callable[[Foreign], int]


class Case(NamedTuple):
    """`local` returns the type asked about; a row is an access and what its kinds answer."""

    name: str
    local: Declare
    target: Callable[[Foreign], object]
    rows: list[tuple[str, dict[CoreKind, int]]]


def both(*answers: int) -> dict[CoreKind, int]:
    """Answers to the six questions about fields, as many as are given."""
    return dict(zip(FIELD, answers, strict=False))


def struct(
    name: str, size: int, *fields: tuple[str, str, int] | tuple[str, str, int, int]
) -> Declare:
    """A function that declares it; types are named as `Foreign` does, `u32*4` is an array."""

    def declare(f: Foreign) -> int:
        f.define(name, size, [(row[0], named(f, row[1]), *row[2:]) for row in fields])
        return f.named(name)

    return declare


def named(f: Foreign, spelled: str) -> int:
    of, _, count = spelled.rpartition("*")
    if of:
        return f.array(named(f, of), int(count))
    return getattr(f, spelled, 0) or f.named(spelled)


def enum(name: str, signed: bool = False, wide: bool = False, **values: int) -> Declare:
    def declare(f: Foreign) -> int:
        made = Enum(name, 8 if wide else 4, tuple(values.items()), signed, wide)
        return f.types.add(made)

    return declare


def nested(f: Foreign) -> int:
    inner = f.inside(8, [("a", f.u32, 0), ("b", f.u32, 4)])
    f.define("s", 16, [("head", f.u64, 0), ("", inner, 8)])
    return f.named("s")


def nested_elsewhere(f: Foreign) -> None:
    deep = f.inside(8, [("b", f.u64, 0), ("other", f.u32, 0)], union=True)
    middle = f.inside(24, [("pad", f.u64, 0), ("", deep, 16)])
    f.define("s", 64, [("a", f.u16, 2), ("", middle, 32)])


def typedefs(f: Foreign) -> int:
    struct("in", 4, ("x", "u32", 0))(f)
    const = f.types.add(Modifier(BtfKind.CONST, f.named("in")))
    return f.types.add(Modifier(BtfKind.TYPEDEF, f.inside(4, [("in", const, 0)]), "s_t"))


def typedefs_elsewhere(f: Foreign) -> None:
    struct("renamed", 16, ("y", "u32", 0), ("x", "u32", 12))(f)
    tagged = f.types.add(Modifier(BtfKind.TYPE_TAG, f.named("renamed"), "rcu"))
    f.types.add(Modifier(BtfKind.TYPEDEF, f.inside(32, [("in", tagged, 8)]), "s_t"))


def function(*params: str) -> Declare:
    def declare(f: Foreign) -> int:
        proto = f.types.add(FuncProto(f.i32, tuple(("", named(f, p)) for p in params)))
        return f.types.add(Modifier(BtfKind.TYPEDEF, f.types.add(Ptr(proto)), "fn_t"))

    return declare


ON = enum("state", OFF=0, ON=1, LOST=2)
S = struct("s", 8, ("a", "u32", 0), ("b", "u32", 4))
BITS = struct("s", 4, ("x", "u32", 0, 3), ("y", "i32", 3, 9))
OPEN = struct("s", 4, ("n", "u32", 0), ("v", "u32*0", 4))
TAIL = struct("s", 16, ("x", "u64", 0), ("n", "u16", 8), ("v", "u64*0", 16))
NONE: Callable[[Foreign], object] = lambda f: None  # noqa: E731

CASES = [
    Case("unchanged", S, S, [("0:1", both(4, 4, 1, 0, 32, 32))]),
    Case(
        "moved",
        S,
        struct("s", 64, ("b", "u32", 0), ("z", "u64", 8), ("a", "u32", 60)),
        [("0:0", both(60, 4, 1, 0, 32, 32)), ("0:1", both(0, 4, 1)), ("2:1", both(128, 4, 1))],
    ),
    Case("shrunk", S, struct("s", 4, ("b", "u8", 3)), [("0:1", both(3, 1, 1, 0, 56, 56))]),
    Case("grown", S, struct("s", 16, ("b", "u64", 8)), [("0:1", both(8, 8, 1, 0, 0, 0))]),
    Case("signed there", S, struct("s", 8, ("a", "i16", 6)), [("0:0", both(6, 2, 1, 1, 48, 48))]),
    Case("flavour here", struct("s___v1", 4, ("a", "u32", 0)), S, [("0:0", both(0, 4, 1))]),
    Case(
        "flavour there",
        S,
        struct("s___v2", 12, ("b", "u32", 8)),
        [("0:1", both(8, 4, 1)), ("0", {TYPE_EXISTS: 1, TYPE_SIZE: 12, MATCHES: 0})],
    ),
    Case("no such field", S, struct("s", 4, ("a", "u32", 0)), [("0:1", {EXISTS: 0})]),
    Case("no such type", S, NONE, [("0:1", {EXISTS: 0}), ("0", {TYPE_EXISTS: 0, TYPE_SIZE: 0})]),
    Case(
        "a union of the name", S, lambda f: f.define("s", 8, [], union=True), [("0:1", {EXISTS: 0})]
    ),
    Case("another kind of field", S, struct("s", 8, ("a", "void", 0)), [("0:0", {EXISTS: 0})]),
    Case(
        "anonymous",
        nested,
        nested_elsewhere,
        [("0:1:1", both(48, 8, 1, 0, 0, 0)), ("0:1:0", both(2, 2, 1)), ("0:0", {EXISTS: 0})],
    ),
    Case("typedefs", typedefs, typedefs_elsewhere, [("0:0:0", both(20, 4, 1, 0, 32, 32))]),
    Case(
        "arrays",
        struct("s", 16, ("v", "u32*4", 0)),
        struct("s", 64, ("v", "u64*3", 8)),
        [
            ("0:0", both(8, 24, 1)),
            ("0:0:2", both(24, 8, 1)),
            ("0:0:3", {EXISTS: 0}),
            ("1:0:1", both(80, 8, 1)),
        ],
    ),
    Case("open arrays", OPEN, TAIL, [("0:1:7", both(16 + 56, 8, 1)), ("0:0", both(8, 2, 1))]),
    Case("closed there", OPEN, struct("s", 8, ("v", "u32*2", 0)), [("0:1:2", {EXISTS: 0})]),
    Case(
        "arrays of arrays",
        struct("s", 24, ("v", "u32*2*3", 0)),
        struct("s", 48, ("v", "u16*4*5", 4)),
        [("0:0:1:1", both(4 + 8 + 2, 2, 1)), ("0:0:1", both(12, 8, 1)), ("0:0", both(4, 40, 1))],
    ),
    Case(
        "bit fields",
        BITS,
        struct("s", 16, ("z", "u64", 0), ("y", "i32", 64 + 20, 9), ("x", "u8", 64 + 32, 5)),
        [("0:1", both(8, 4, 1, 1, 64 - 29, 55)), ("0:0", both(12, 1, 1, 0, 64 - 5, 59))],
    ),
    Case(
        "bit fields across words",
        BITS,
        struct("s", 8, ("z", "u32", 0, 30), ("y", "i32", 30, 9)),
        [("0:1", both(0, 8, 1, 1, 64 - 39, 55))],
    ),
    Case(
        "bit field made whole",
        BITS,
        struct("s", 8, ("y", "i64", 0)),
        [("0:1", both(0, 8, 1, 1, 0, 0))],
    ),
    Case(
        "whole made bit field",
        S,
        struct("s", 4, ("b", "u32", 7, 1)),
        [("0:1", both(0, 4, 1, 0, 56, 63))],
    ),
    Case(
        "types",
        S,
        struct("s", 24, ("b", "u32", 4), ("a", "u32", 12), ("more", "u64", 16)),
        [("0", {TYPE_EXISTS: 1, TYPE_SIZE: 24, MATCHES: 1})],
    ),
    Case(
        "a member of another size",
        S,
        struct("s", 12, ("a", "u64", 0), ("b", "u32", 8)),
        [("0", {TYPE_EXISTS: 1, MATCHES: 0})],
    ),
    Case(
        "functions",
        function("u32", "void"),
        function("u32", "void"),
        [("0", {TYPE_EXISTS: 1, TYPE_SIZE: 8, MATCHES: 1})],
    ),
    Case(
        "functions of more",
        function("u32"),
        function("u32", "void"),
        [("0", {TYPE_EXISTS: 0, MATCHES: 0})],
    ),
    Case(
        "enumerators",
        ON,
        enum("state", NEW=0, ON=7, OFF=2**31),
        [
            ("0", {VALUE_EXISTS: 1, VALUE: 2**31}),
            ("1", {VALUE_EXISTS: 1, VALUE: 7}),
            ("2", {VALUE_EXISTS: 0}),
        ],
    ),
    Case("negative", ON, enum("state", signed=True, ON=-3), [("1", {VALUE_EXISTS: 1, VALUE: -3})]),
    Case(
        "wide",
        ON,
        enum("state___64", wide=True, ON___flavour=2**63 + 1, OFF=2**40),
        [
            ("0", {VALUE: 2**40, TYPE_EXISTS: 1, TYPE_SIZE: 8, MATCHES: 0}),
            ("1", {VALUE_EXISTS: 1, VALUE: 2**63 + 1}),
        ],
    ),
    Case(
        "wide and negative",
        enum("state", signed=True, wide=True, ON=-1, OFF=5),
        enum("state", signed=True, wide=True, NEW=0, ON=-(2**50), OFF=2**33),
        [("0", {VALUE: -(2**50), MATCHES: 1, TYPE_SIZE: 8}), ("1", {VALUE: 2**33})],
    ),
    Case("no such enum", ON, NONE, [("1", {VALUE_EXISTS: 0}), ("0", {TYPE_EXISTS: 0, MATCHES: 0})]),
]


def sides(case: Case, tmp_path: Path) -> tuple[bytes, int, str]:
    """The program's types, the one asked about, and a file of the target's."""
    local, target = Foreign(), Foreign()
    asked = case.local(local)
    case.target(target)
    path = tmp_path / "vmlinux"
    path.write_bytes(target.types.bytes())
    return local.types.bytes(), asked, str(path)


@pytest.fixture(params=["vm", pytest.param("kernel", marks=pytest.mark.kernel)])
def place(request: pytest.FixtureRequest) -> Callable[[str], Target]:
    return Kernel if request.param == "kernel" else lambda btf: Vm(btf=btf)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_program_finds_what_the_target_says(
    case: Case, place: Callable[[str], Target], tmp_path: Path
) -> None:
    types, asked, path = sides(case, tmp_path)
    rows = [(access, kind, value) for access, all in case.rows for kind, value in all.items()]
    found = ask(types, [Question(asked, access, kind) for access, kind, _ in rows], place(path))
    assert found == [value % 2**64 for _, _, value in rows]
    narrow = [row for row in rows if -(2**31) <= row[2] < 2**31]
    for form in ("mov", "add"):
        questions = [Question(asked, access, kind, form) for access, kind, _ in narrow]
        assert ask(types, questions, place(path)) == [value % 2**64 for _, _, value in narrow]


def test_every_kind_is_asked() -> None:
    asked = {kind for case in CASES for _, answers in case.rows for kind in answers}
    assert asked | {HERE, THERE} == set(CoreKind)


def test_ids_of_types(place: Callable[[str], Target], tmp_path: Path) -> None:
    def there(f: Foreign) -> None:
        enum("unrelated", A=1)(f)
        S(f)

    types, asked, path = sides(Case("", S, there, []), tmp_path)
    questions = [Question(asked, "0", kind) for kind in (HERE, THERE)]
    assert ask(types, questions, place(path)) == [asked, asked + 1]


LOADS = [
    ("shrunk", S, struct("s", 4, ("b", "u8", 3)), "0:1", "ldxw", pack("<3xB", 0xFE), 0xFE),
    ("grown", S, struct("s", 16, ("b", "u64", 8)), "0:1", "ldxw", pack("<8xQ", 2**60), 2**60),
    ("signed, moved", struct("s", 4, ("a", "i32", 0)), struct("s", 8, ("a", "i32", 4)),
     "0:0", "ldxw", pack("<4xi", -2), 2**32 - 2),
    ("an element", struct("s", 16, ("v", "u32*4", 0)), struct("s", 64, ("v", "u16*8", 8)),
     "0:0:2", "ldxw", pack("<12xH", 0xABCD), 0xABCD),
    ("the first element", struct("s", 16, ("v", "u8*16", 0)), struct("s", 64, ("v", "u8*32", 8)),
     "0:0", "ldxb", pack("<8xB", 77), 77),
    ("a pointer", struct("s", 8, ("p", "void", 0)), struct("s", 40, ("p", "text", 32)),
     "0:0", "ldxdw", pack("<32xQ", 2**63 + 9), 2**63 + 9),
]  # fmt: skip


@pytest.mark.parametrize(
    ("local", "target", "access", "mnemonic", "instance", "value"),
    [row[1:] for row in LOADS],
    ids=[row[0] for row in LOADS],
)
def test_a_load_is_of_the_targets_place_and_width(
    local: Declare,
    target: Callable[[Foreign], object],
    access: str,
    mnemonic: str,
    instance: bytes,
    value: int,
    place: Callable[[str], Target],
    tmp_path: Path,
) -> None:
    types, asked, path = sides(Case("", local, target, []), tmp_path)
    loaded = ask(types, [Load(asked, access, mnemonic)], place(path), instance.ljust(64, b"\xa5"))
    assert loaded == [value]


def bit_field(instance: bytes, answers: list[int]) -> int:
    """What BPF_CORE_READ_BITFIELD makes of the answers in the order of `FIELD`."""
    offset, size, _, signed, left, right = answers
    word = int.from_bytes(instance[offset : offset + size], "little") << left & 2**64 - 1
    return (word - (word >> 63 << 64) if signed else word) >> right


@pytest.mark.parametrize("value", [-200, -1, 0, 255])
@pytest.mark.parametrize("at", [0, 3, 23, 28, 30, 40, 55])
@pytest.mark.parametrize("unit", ["i32", "i16", "i64"])
def test_a_bit_field_is_read_wherever_it_is(unit: str, at: int, value: int, tmp_path: Path) -> None:
    there = struct("s", 16, ("y", unit, at, 9))
    types, asked, path = sides(Case("", BITS, there, []), tmp_path)
    instance = ((value & 0x1FF) << at | 1 << at + 9 | (1 << at) - 1).to_bytes(16, "little")
    answers = ask(types, [Question(asked, "0:1", kind) for kind in FIELD], Vm(btf=path))
    assert bit_field(instance, answers) == value


UNANSWERED = [
    ("no field", S, struct("s", 4, ("a", "u32", 0)), "0:1", OFFSET,
     "struct s of {path} has no member 'b'"),
    ("no type", S, NONE, "0:1", SIZE, "{path} has no struct s"),
    ("no element", struct("s", 16, ("v", "u32*4", 0)), struct("s", 8, ("v", "u32*2", 0)), "0:0:3",
     OFFSET, "s.v of {path} has 2 elements, 3 is not one"),
    ("another kind", S, struct("s", 8, ("a", "void", 0)), "0:0", OFFSET,
     "s.a is `void *` in {path}, `unsigned int` in the program"),
    ("no enumerator", ON, enum("state", OFF=0), "1", VALUE, "enum state of {path} has no 'ON'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("local", "target", "access", "kind", "reason"),
    [row[1:] for row in UNANSWERED],
    ids=[row[0] for row in UNANSWERED],
)
def test_a_question_without_answer_must_not_be_reached(
    local: Declare,
    target: Callable[[Foreign], object],
    access: str,
    kind: CoreKind,
    reason: str,
    place: Callable[[str], Target],
    tmp_path: Path,
) -> None:
    types, asked, path = sides(Case("", local, target, []), tmp_path)
    questions = [Question(asked, access, kind)]
    with pytest.raises((LoadError, VmError), match=r"195896080|lacks"):
        ask(types, questions, place(path))
    mine = Btf(types)
    ((slot, why),) = missing(program(mine, questions), mine, read_btf(path))
    assert (slot, why) == (4, reason.format(path=path))
