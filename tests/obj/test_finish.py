"""Types that compilers leave unfinished, or make so that the kernel refuses them."""

from __future__ import annotations

from raw_elf import ALLOC, EXEC, FUNC, GLOBAL, LOCAL, OBJECT, Raw

from kring.abi.asm import parse
from kring.abi.code import encode
from kring.btf.blob import Btf
from kring.btf.types import DataSec, Func, FuncProto, Int, Kind, Modifier, Var
from kring.btf.write import Builder
from kring.obj.elf_read import from_elf

RETURN_0 = encode(parse("mov r0, 0\nexit"))
HEADER = 24


def read(types: bytes) -> Btf:
    """The finished types of an object with two sections of data."""
    raw = Raw(
        {
            "xdp": (ALLOC | EXEC, RETURN_0),
            ".data": (ALLOC, bytes(16)),
            ".rodata.str1.1": (ALLOC, b"text\0"),
            ".BTF": (0, types),
        },
        [
            ("f", "xdp", 0, 16, FUNC, GLOBAL),
            ("text", ".rodata.str1.1", 0, 5, OBJECT, LOCAL),
            ("first", ".data", 8, 4, OBJECT, GLOBAL),
            ("second", ".data", 0, 8, OBJECT, GLOBAL),
        ],
    )
    return Btf(from_elf(raw.bytes(), "x").btf)


def section(btf: Btf, name: str) -> list[tuple[str, int, int]]:
    found = btf[btf.find(name, Kind.DATASEC) or 0]
    assert isinstance(found, DataSec)
    return [(btf.name(id), offset, size) for id, offset, size in found.vars]


def test_variables_get_their_places_in_order() -> None:
    b = Builder()
    u32, u64 = b.add(Int("u32", 4, 32)), b.add(Int("u64", 8, 64))
    rows = ((b.add(Var("first", u32)), 0, 4), (b.add(Var("second", u64)), 4, 8))
    b.add(DataSec(".data", 12, rows))
    btf = read(b.bytes())
    assert section(btf, ".data") == [("second", 0, 8), ("first", 8, 4)]
    assert btf.size(btf.find(".data", Kind.DATASEC) or 0) == 16


def test_a_variable_that_is_elsewhere_is_left_out() -> None:
    b = Builder()
    u32, u64 = b.add(Int("u32", 4, 32)), b.add(Int("u64", 8, 64))
    rows = ((b.add(Var("second", u64)), 0, 8), (b.add(Var("text", u32)), 8, 4))
    b.add(DataSec(".data", 12, rows))
    data = bytearray(b.bytes())
    # as compilers leave it, without a size
    at = data.rindex((12).to_bytes(4, "little") + rows[0][0].to_bytes(4, "little"))
    data[at : at + 4] = bytes(4)
    assert section(read(bytes(data)), ".data") == [("second", 0, 8)]


def test_integers_are_of_one_sort_and_functions_have_names() -> None:
    b = Builder()
    b.add(Int("char", 1, 8, signed=True))
    b.add(Func("", b.add(FuncProto(0))))
    data = bytearray(b.bytes())
    data[HEADER + 15] = 3  # BTF_INT_SIGNED | BTF_INT_CHAR
    btf = read(bytes(data))
    assert btf[1] == Int("char", 1, 8, signed=True)
    assert btf[3] == Modifier(Kind.CONST, 0)


def test_a_second_text_section_holds_no_programs() -> None:
    raw = Raw(
        {".text": (ALLOC | EXEC, RETURN_0), ".texu": (ALLOC | EXEC, RETURN_0)},
        [("f", ".text", 0, 16, FUNC, GLOBAL), ("g", ".texu", 0, 16, FUNC, GLOBAL)],
    )
    assert [one.name for one in from_elf(raw.bytes(), "x").programs] == ["g"]
    twice = raw.bytes().replace(b".texu\0", b".text\0")
    assert not from_elf(twice, "x").programs
