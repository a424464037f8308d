"""Names in objects: those that Python has and C has not, and those that two things share."""

from __future__ import annotations

import pytest

from kring import (
    CompileError,
    Global,
    Hash,
    Program,
    RingBuf,
    Struct,
    Vm,
    build,
    load,
    syscall,
    u32,
)
from kring.btf.blob import Btf
from kring.btf.types import Composite
from kring.obj.elf_read import from_elf
from kring.obj.elf_write import to_elf
from kring.spelling import c_name


class Größe(Struct):
    länge: u32


zähler = Hash[u32, Größe](max_entries=4)
kring_drops = RingBuf[Größe](4096)
schwelle = Global[u32](1)


@syscall
def prüfen() -> int:
    found = zähler.get(1)
    return schwelle.value if found is None else found.länge


@syscall
def clashing() -> None:
    with kring_drops.reserve() as e:
        e.länge = 1


def answering(value: int) -> Program:
    @syscall
    def answer() -> int:
        return value

    return answer


@pytest.mark.parametrize(
    ("python", "c"),
    [("plain_1", "plain_1"), ("länge", "l_u00e4nge"), ("maps[0]", "maps_0_"), ("1st", "_1st")],
)
def test_names_as_c_has_them(python: str, c: str) -> None:
    assert c_name(python) == c


def test_an_object_has_names_that_the_kernel_takes() -> None:
    obj = from_elf(to_elf(build(prüfen)), "o")
    assert [program.name for program in obj.programs] == ["pr_u00fcfen"]
    assert [map.name for map in obj.maps] == ["z_u00e4hler", ".data"]
    btf = Btf(obj.btf)
    value = btf[obj.map("z_u00e4hler").value_type]
    assert isinstance(value, Composite)
    assert (value.name, [m.name for m in value.members]) == ("Gr_u00f6_u00dfe", ["l_u00e4nge"])


@pytest.mark.kernel
def test_the_kernel_takes_them() -> None:
    with load(prüfen) as s:
        assert s[prüfen].run().value == 1
        s[zähler][1] = Größe(länge=7)
        assert s[prüfen].run().value == 7


def test_programs_of_one_name_are_told_apart() -> None:
    made = [answering(value) for value in (5, 6, 7)]
    assert [program.name for program in build(*made).programs] == ["answer", "answer_2", "answer_3"]
    with load(*made, made[0], on=Vm()) as s:
        assert [s[one].run().value for one in made] == [5, 6, 7]
        assert list(s.programs) == ["answer", "answer_2", "answer_3"]


def test_a_name_of_kring_itself_is_taken() -> None:
    with pytest.raises(CompileError, match="rename the variable 'kring_drops'"):
        build(clashing)
