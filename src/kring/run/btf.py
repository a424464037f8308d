"""Kernel types from a file: raw BTF, or an ELF that has it.

In:  a path. Out: `read_btf`, the types.
"""

from __future__ import annotations

from mmap import MAP_PRIVATE, PROT_READ, mmap
from typing import cast

from kring.btf.blob import Btf
from kring.errors import ObjectError

VMLINUX = "/sys/kernel/btf/vmlinux"
"""The running kernel's own."""
_ELF_MAGIC = b"\x7fELF"


def read_btf(path: str, needed: bool = True) -> Btf | None:
    """The types in a file; None if there is none and it is not needed.

    Raises: OSError if it cannot be read, ObjectError if it holds no types.
    """
    try:
        data = _contents(path)
    except FileNotFoundError:
        if needed:
            raise
        return None
    if data[: len(_ELF_MAGIC)] == _ELF_MAGIC:
        from kring.obj.elf import section_data

        found = section_data(data, ".BTF")
        if found is None:
            raise ObjectError(f"{path} has no section .BTF")
        data = found
    return Btf(data, where=path)


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
