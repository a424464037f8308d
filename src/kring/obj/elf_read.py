"""A BPF ELF becomes an `Object`, whoever compiled it.

In: bytes that a compiler or `elf_write` made. Out: programs with their subprograms behind them,
maps of .maps and of global data, and types as the kernel accepts them.

Raises: ObjectError for bytes that are no such ELF, and for what it may hold and we do not know.
"""

from __future__ import annotations

from kring.btf.blob import Btf
from kring.btf.ext import parse_ext
from kring.btf.write import Builder
from kring.errors import ObjectError
from kring.obj.cut import Programs
from kring.obj.elf import Elf, read_elf
from kring.obj.externs import find_externs
from kring.obj.finish import finished
from kring.obj.object import Object
from kring.obj.sections import find_maps


def from_elf(data: bytes, name: str) -> Object:
    """The object in `data`; `name` is its file's name without directory and ending."""
    try:
        return _object(read_elf(data), name)
    except ObjectError as error:
        raise ObjectError(f"{name}: {error}") from None


def _object(elf: Elf, name: str) -> Object:
    raw = elf.data(".BTF")
    btf = Btf(raw or Builder().bytes(), where=".BTF")
    ext = elf.data(".BTF.ext")
    known = parse_ext(ext, btf) if ext else {}
    externs = find_externs(elf, btf)
    btf = Btf(finished(elf, btf, externs, known), where=".BTF")
    found = find_maps(elf, btf, externs)
    license = (elf.data("license") or b"").partition(b"\0")[0]
    return Object(
        name,
        tuple(Programs(elf, btf, known, found, externs).all()),
        tuple(found.maps),
        btf.data if raw else b"",
        license.decode(errors="replace"),
        int.from_bytes((elf.data("version") or b"")[:4], "little"),
    )
