"""Shared variables of a build: where they lie, and what an ELF keeps of them."""

from __future__ import annotations

from kring import Global, build, syscall, u8, u16, u64
from kring.btf.blob import Btf
from kring.btf.types import DataSec
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf

first = Global[u8](1)
second = Global[u64](2)
third = Global[u16](3)


@syscall
def program() -> int:
    return first.value + second.value + third.value


def test_variables_are_aligned_and_named_in_the_elf() -> None:
    obj = from_elf(to_elf(build(program)), "variables")
    (data,) = obj.maps
    assert data.name == ".data"
    assert data.data == b"\1" + bytes(7) + b"\2" + bytes(7) + b"\3\0"
    btf = Btf(obj.btf)
    section = btf[data.value_type]
    assert isinstance(section, DataSec)
    found = [(btf.name(var), offset, size) for var, offset, size in section.vars]
    assert found == [("first", 0, 1), ("second", 8, 8), ("third", 16, 2)]
    assert {ref.offset for ref in obj.program("program").maps} == {0, 8, 16}
