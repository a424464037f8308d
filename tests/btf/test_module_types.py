"""Types in files: a kernel's, those of its modules beside it, and in an ELF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from splitting import split

from kring.btf.blob import Btf
from kring.btf.core import resolve
from kring.btf.ext import CoreKind, CoreReloc
from kring.btf.types import Composite, Func, FuncProto, Int, Member
from kring.btf.write import Builder
from kring.errors import NotSupported, ObjectError
from kring.obj.elf_write import to_elf
from kring.obj.kfuncs import find_kfunc
from kring.obj.object import KfuncRef, Object
from kring.run.btf import kernel_btf, read_btf


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """What /sys/kernel/btf of a kernel with one module holds."""
    b = Builder()
    b.add(Int("int", 4, 32, signed=True))
    proto = b.add(FuncProto(1, ()))
    b.add(Func("own", proto))
    (tmp_path / "vmlinux").write_bytes(b.bytes())
    kernel = Btf(b.bytes())
    inode = Composite("inode", 16, (Member("nr", 1, 64),))
    module = split(kernel, "", inode, Func("in_module", proto))
    (tmp_path / "somefs").write_bytes(module.data)
    return tmp_path


def test_a_struct_of_a_module_is_found(directory: Path) -> None:
    kernel = kernel_btf(str(directory / "vmlinux"))
    assert kernel is not None
    b = Builder()
    inode = b.add(Composite("inode", 8, (Member("nr", b.add(Int("int", 4, 32)), 0),)))
    answer = resolve(CoreReloc(0, inode, "0:0", CoreKind.FIELD_BYTE_OFFSET), Btf(b.bytes()), kernel)
    assert (answer.value, answer.name) == (8, "inode.nr")
    assert [module.where for module in kernel.modules] == [str(directory / "somefs")]


def test_a_broken_module_is_named(directory: Path) -> None:
    (directory / "another").write_bytes(b"\x9f\xebnot that")
    kernel = kernel_btf(str(directory / "vmlinux"))
    assert kernel is not None
    with pytest.raises(ObjectError, match="another: 10 bytes are too few"):
        _ = kernel.modules


def test_a_function_of_a_module_is_not_called(directory: Path) -> None:
    kernel = kernel_btf(str(directory / "vmlinux"))
    assert kernel is not None
    assert find_kfunc(KfuncRef(0, "own", 3), kernel, kernel) == 3
    with pytest.raises(NotSupported, match=r"'in_module' is a function of \S+/somefs: kring calls"):
        find_kfunc(KfuncRef(0, "in_module", 3), kernel, kernel)
    with pytest.raises(NotSupported, match="this kernel has no function 'nowhere'"):
        find_kfunc(KfuncRef(0, "nowhere", 3), kernel, kernel)


def test_a_kernel_without_types_has_none(tmp_path: Path) -> None:
    assert kernel_btf(str(tmp_path / "vmlinux")) is None
    with pytest.raises(FileNotFoundError):
        read_btf(str(tmp_path / "vmlinux"))


def test_types_are_read_from_an_elf(tmp_path: Path) -> None:
    """A vmlinux, whatever machine it is for."""
    b = Builder()
    b.add(Int("int", 4, 32, signed=True))
    elf = bytearray(to_elf(Object("x", (), btf=b.bytes())))
    elf[16:20] = b"\x02\0\x3e\0"
    path = tmp_path / "vmlinux"
    path.write_bytes(elf)
    assert read_btf(str(path)).find("int") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda elf: elf[:4] + b"\1" + elf[5:], "vmlinux: only ELFs of 64 bits"),
        (lambda elf: elf[:5] + b"\2" + elf[6:], "vmlinux: only ELFs of 64 bits"),
        (lambda elf: elf[:60], "no ELF, or one that is cut off"),
        (lambda elf: elf[:-1], "section headers of 64 bytes at .* end beyond the file"),
        (lambda elf: elf.replace(b".BTF\0", b".BTG\0"), "vmlinux has no section .BTF"),
    ],
)
def test_an_elf_without_types(
    change: Callable[[bytes], bytes], message: str, tmp_path: Path
) -> None:
    b = Builder()
    b.add(Int("int", 4, 32, signed=True))
    path = tmp_path / "vmlinux"
    path.write_bytes(change(to_elf(Object("x", (), btf=b.bytes()))))
    with pytest.raises(ObjectError, match=message):
        read_btf(str(path))
