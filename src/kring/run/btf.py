"""Kernel types from a file: raw BTF, or an ELF that has it.

In:  a path. Out: `read_btf`, the types, and `kernel_btf`, those of the running kernel with its
modules'.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from mmap import MAP_PRIVATE, PROT_READ, mmap
from typing import cast

from kring.btf.blob import Btf
from kring.errors import ObjectError

_DIRECTORY = "/sys/kernel/btf"
VMLINUX = f"{_DIRECTORY}/vmlinux"
"""The running kernel's own."""
_ELF_MAGIC = b"\x7fELF"


def read_btf(path: str) -> Btf:
    """The types in a file.

    Raises: OSError if it cannot be read, ObjectError if it holds no types.
    """
    data = _contents(path)
    if data[: len(_ELF_MAGIC)] == _ELF_MAGIC:
        from kring.obj.elf import section_data

        try:
            found = section_data(data, ".BTF")
        except ObjectError as error:
            raise ObjectError(f"{path}: {error}") from None
        if found is None:
            raise ObjectError(f"{path} has no section .BTF")
        data = found
    return Btf(data, where=path)


def kernel_btf(path: str = VMLINUX) -> Btf | None:
    """The running kernel's types; those of its modules are beside it, and are read when asked for.

    None for a kernel that publishes none.
    """
    try:
        return Btf(_contents(path), where=path, split=partial(_modules, os.path.dirname(path)))
    except FileNotFoundError:
        return None


def _modules(directory: str, kernel: Btf) -> Iterator[Btf]:
    for name in sorted(os.listdir(directory)):
        path = f"{directory}/{name}"
        if path != kernel.where:
            yield Btf(_contents(path), kernel, path)


def _contents(path: str) -> bytes:
    """The bytes of a file, mapped where it can be: most of the kernel's types are never looked at.
    A mapping can be searched and sliced, which is all that `Btf` does with bytes.

    Since: Linux 6.16 maps /sys/kernel/btf/vmlinux.
    """
    with open(path, "rb") as file:
        try:
            return cast("bytes", mmap(file.fileno(), 0, MAP_PRIVATE, PROT_READ))
        except (OSError, ValueError):
            return file.read()
