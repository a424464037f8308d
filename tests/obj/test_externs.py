"""What an object leaves to the kernel: read, written, laid out, and found in a kernel's types."""

from __future__ import annotations

import pytest
from raw_elf import ALLOC, EXEC, FUNC, GLOBAL, WEAK, Raw, program

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.btf.blob import Btf
from kring.btf.types import (
    Array,
    Composite,
    DataSec,
    DeclTag,
    Enum,
    Func,
    FuncProto,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Var,
)
from kring.btf.write import Builder
from kring.errors import LoadError, NotSupported, ObjectError
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.obj.ksyms import find_address, find_ksym
from kring.obj.object import KsymRef, MapRef, Object, Setting
from kring.obj.settings import filled

EXTERN = 2


class Types(Builder):
    def __init__(self) -> None:
        super().__init__()
        self.i32 = self.add(Int("int", 4, 32, signed=True))
        self.u64 = self.add(Int("u64", 8, 64))
        self.char = self.add(Int("char", 1, 8, signed=True))
        self.bool = self.add(Int("_Bool", 1, 8, bool=True))
        self.choice = self.add(
            Enum("libbpf_tristate", 4, (("TRI_NO", 0), ("TRI_YES", 1), ("TRI_MODULE", 2)))
        )
        self.text = self.add(Array(self.char, self.i32, 10))
        self.rq = self.add(Composite("rq", 4, (Member("cpu", self.i32, 0),)))

    def section(self, name: str, **variables: int) -> None:
        rows = tuple((self.add(Var(n, t, EXTERN)), 0, 0) for n, t in variables.items())
        self.add(DataSec(name, 0, rows))


def asking(types: Types, *names: str, weak: tuple[str, ...] = ()) -> bytes:
    """An object whose program takes the address of each of these."""
    text = "".join("lddw r1, 0\n" for _ in names) + "mov r0, 0\nexit"
    code = encode(parse(text))
    return Raw(
        {"xdp": (ALLOC | EXEC, code), ".BTF": (0, types.bytes())},
        [
            ("f", "xdp", 0, len(code), FUNC, GLOBAL),
            *((name, "", 0, 0, 0, WEAK if name in weak else GLOBAL) for name in names),
        ],
        {"xdp": [(16 * at, name, 1) for at, name in enumerate(names)]},
    ).bytes()


def settings() -> Object:
    t = Types()
    t.section(
        ".kconfig", LINUX_KERNEL_VERSION=t.i32, CONFIG_BPF=t.choice, CONFIG_SMP=t.bool,
        CONFIG_NAME=t.text, CONFIG_HZ=t.u64, CONFIG_X=t.char,
    )  # fmt: skip
    names = "CONFIG_HZ", "LINUX_KERNEL_VERSION", "CONFIG_NAME"
    return from_elf(asking(t, *names, weak=("CONFIG_NAME",)), "x")


def test_settings_lie_as_libbpf_lays_them_out() -> None:
    """Wide alignment first, then the small ones, then by name."""
    obj = settings()
    (map,) = obj.maps
    assert [(s.name, s.offset, s.weak) for s in map.settings] == [
        ("CONFIG_HZ", 0, False),
        ("CONFIG_BPF", 8, False),
        ("LINUX_KERNEL_VERSION", 12, False),
        ("CONFIG_SMP", 16, False),
        ("CONFIG_X", 17, False),
        ("CONFIG_NAME", 18, True),
    ]
    assert (map.name, map.value_size, map.flags) == (".kconfig", 28, 0x480)
    assert [(r.map, r.offset) for r in obj.program("f").maps] == [
        (".kconfig", 0), (".kconfig", 12), (".kconfig", 18),
    ]  # fmt: skip
    section = Btf(obj.btf)[map.value_type]
    assert isinstance(section, DataSec)
    assert [row[1] for row in section.vars] == [0, 8, 12, 16, 17, 18]


def test_settings_and_symbols_survive_elf() -> None:
    obj = settings()
    again = from_elf(to_elf(obj), "x")
    assert again.program("f") == obj.program("f")
    assert again.map(".kconfig").settings == obj.map(".kconfig").settings
    t = Types()
    proto = t.add(FuncProto(0, (("", t.i32),)))
    called = t.add(Func("bpf_call", proto, EXTERN))
    rows = [t.add(Var("rq", t.rq, EXTERN)), t.add(Var("_stext", t.add(Modifier(Kind.CONST, 0)), 2))]
    t.add(DeclTag("tag", rows[0]))
    t.add(DataSec(".ksyms", 0, tuple((id, 0, 0) for id in (called, *rows))))
    read = from_elf(asking(t, "rq", "_stext", "bpf_call", weak=("rq", "bpf_call")), "x")
    refs = read.program("f").ksyms
    assert refs == (
        KsymRef(0, "rq", t.rq, True),
        KsymRef(2, "_stext", 0, False),
        KsymRef(4, "bpf_call", called, True),
    )
    assert from_elf(to_elf(read), "x").program("f").ksyms == refs
    btf = Btf(read.btf)
    assert btf[rows[0]] == Modifier(Kind.CONST, t.rq)
    assert not any(isinstance(type, DeclTag | DataSec) for type in btf)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CONFIG_STRUCT", "extern 'CONFIG_STRUCT' of .kconfig is no integer"),
        ("CONFIG_WORDS", "extern 'CONFIG_WORDS'"),
        ("CONFIG_HUGE", "take 16777216 bytes, which is too much"),
    ],
)
def test_settings_of_types_that_none_has(name: str, said: str) -> None:
    t = Types()
    types = {
        "CONFIG_STRUCT": t.rq,
        "CONFIG_WORDS": t.add(Array(t.u64, t.i32, 2)),
        "CONFIG_HUGE": t.add(Array(t.char, t.i32, 1 << 24)),
    }
    t.section(".kconfig", **{name: types[name]})
    with pytest.raises(ObjectError, match=said):
        from_elf(asking(t, name), "x")


def test_what_is_defined_nowhere() -> None:
    t = Types()
    t.add(Var("elsewhere", t.i32, EXTERN))
    with pytest.raises(ObjectError, match=r"f slot 0: refers to 'elsewhere', which is defined now"):
        from_elf(asking(t, "elsewhere"), "x")


def test_an_offset_into_a_variable_of_the_kernel() -> None:
    t = Types()
    t.section(".ksyms", rq=t.rq)
    raw = bytearray(asking(t, "rq"))
    at = raw.index(encode(parse("lddw r1, 0")))
    raw[at + 4] = 4
    with pytest.raises(ObjectError, match="refers to byte 4 of the kernel's 'rq'"):
        from_elf(bytes(raw), "x")


def test_an_offset_beyond_a_setting() -> None:
    t = Types()
    t.section(".kconfig", CONFIG_NAME=t.text)
    raw = bytearray(asking(t, "CONFIG_NAME"))
    at = raw.index(encode(parse("lddw r1, 0")))
    raw[at + 4] = 9
    assert from_elf(bytes(raw), "x").program("f").maps == (MapRef(0, ".kconfig", 9),)
    raw[at + 4] = 10
    with pytest.raises(ObjectError, match="refers to byte 10 of CONFIG_NAME, outside of it"):
        from_elf(bytes(raw), "x")


VALUES: list[tuple[str, str | int, bytes]] = [
    ("bool", "y", b"\1"),
    ("bool", "n", b"\0"),
    ("bool", 1, b"\1"),
    ("choice", "m", b"\2\0\0\0"),
    ("choice", "y", b"\1\0\0\0"),
    ("char", "m", b"m"),
    ("char", "7", b"\7"),
    ("i32", "-5", b"\xfb\xff\xff\xff"),
    ("i32", 300, b"\x2c\1\0\0"),
    ("u64", "0xffffffff80000000", b"\0\0\0\x80\xff\xff\xff\xff"),
    ("text", '"gcc"', b"gcc" + bytes(7)),
    ("text", '"a \\"b\\" and more"', b'a "b" and\0'),
]


@pytest.mark.parametrize(("kind", "found", "wanted"), VALUES)
def test_a_setting_gets_the_bytes_of_its_type(kind: str, found: str | int, wanted: bytes) -> None:
    t = Types()
    map = settings().map(".kconfig")
    one = Setting("CONFIG_IT", 2, getattr(t, kind))
    spec = type(map)(".kconfig", map.type, 4, 16, 1, data=bytes(16), settings=(one,))
    data = filled(spec, Btf(t.bytes()), {"CONFIG_IT": found}.get, "nowhere").data
    assert data is not None
    assert data[2 : 2 + len(wanted)] == wanted


@pytest.mark.parametrize(
    ("kind", "found", "said"),
    [
        ("i32", "y", "CONFIG_IT is y here, declare it bool, enum libbpf_tristate or char"),
        ("bool", "m", "CONFIG_IT is m here, a module: declare it enum libbpf_tristate or char"),
        ("bool", "250", "CONFIG_IT is 250 here, a number: declare it as an integer"),
        ("u64", '"text"', 'CONFIG_IT is "text" here, a text: declare it as an array of char'),
        ("text", "y", "CONFIG_IT is y here, declare it bool"),
        ("i32", "0xffffffff", "is 4294967295 here, which its type of 4 bytes cannot hold"),
        ("u64", "-1", "CONFIG_IT is -1 here, which its type of 8 bytes"),
        ("i32", None, "nothing is known of CONFIG_IT: nowhere. One declared __weak is then 0"),
    ],
)
def test_a_setting_that_does_not_fit(kind: str, found: str | None, said: str) -> None:
    t = Types()
    one = Setting("CONFIG_IT", 0, getattr(t, kind))
    map = settings().map(".kconfig")
    spec = type(map)(".kconfig", map.type, 4, 16, 1, data=bytes(16), settings=(one,))
    with pytest.raises(LoadError, match=said):
        filled(spec, Btf(t.bytes()), {"CONFIG_IT": found}.get, "nowhere")


def kernel() -> Btf:
    t = Builder()
    u64 = t.add(Int("u64", 8, 64))
    t.add(Var("runqueues", t.add(Composite("rq", 8, (Member("cpu", u64, 0),)))))
    t.add(Var("jiffies", u64))
    t.add(Var("init_task", t.add(Ptr(0))))
    return Btf(t.bytes())


def test_a_variable_is_found_by_name_and_type() -> None:
    t = Types()
    theirs = kernel()
    local = Btf(t.bytes())
    found = find_ksym(KsymRef(0, "runqueues", t.rq), local, theirs)
    assert theirs.name(found) == "runqueues"
    assert find_ksym(KsymRef(0, "runqueues___v2", t.rq), local, theirs) == found
    for name, type, said in (
        ("runqueue", t.rq, "no variable 'runqueue' that its types .BTF. know. Did you mean 'runq"),
        ("jiffies", t.i32, "the kernel's 'jiffies' is `u64`, not `int` as declared"),
        ("init_task", t.rq, r"the kernel's 'init_task' is `void \*`, not `struct rq`"),
    ):
        with pytest.raises(LoadError, match=said):
            find_ksym(KsymRef(0, name, type), local, theirs)


SYMBOLS = """ffffffff81000000 T _stext
ffffffff81000010 t twice
ffffffff81000020 t twice
ffffffffc0000000 t in_module\t[mod]
0000000000000000 T hidden
"""


def test_an_address_is_found_by_name() -> None:
    assert find_address(KsymRef(0, "_stext"), SYMBOLS) == 0xFFFFFFFF81000000
    assert find_address(KsymRef(0, "in_module"), SYMBOLS) == 0xFFFFFFFFC0000000
    with pytest.raises(NotSupported, match="no symbol 'stext'"):
        find_address(KsymRef(0, "stext"), SYMBOLS)
    with pytest.raises(LoadError, match="2 symbols 'twice', at 0xffffffff81000010, 0xffff"):
        find_address(KsymRef(0, "twice"), SYMBOLS)
    with pytest.raises(LoadError, match="hides the address of 'hidden': sudo sysctl"):
        find_address(KsymRef(0, "hidden"), SYMBOLS)


def test_names_stand_for_references() -> None:
    made = program("f", "xdp", "lddw r1, =m\nlddw r2, =.data+4\nlddw r3, =&k?\ncall =g\nexit")
    assert made.maps == (MapRef(0, "m"), MapRef(2, ".data", 4))
    assert made.ksyms == (KsymRef(4, "k", 0, True),)
    assert [ref.slot for ref in made.kfuncs] == [6]
