"""A file becomes an Object, whatever made it: `kring.open`.

In:  a path: a BPF object, known by its first bytes, or a Python file with programs.
Out: the Object. Reads no running system and needs no privileges.
"""

from __future__ import annotations

import builtins
import os
import sys

from kring.errors import ObjectError
from kring.obj.object import Object

_ELF = b"\x7fELF"
_ENDINGS = (".bpf.o", ".o")


def open(path: str | os.PathLike[str]) -> Object:
    """The object in a file of clang's or of `kring build`, or the one that the programs of a Python
    file make.

    Raises: OSError; ObjectError for a file that is neither, CompileError.
    """
    name = os.fspath(path)
    if is_object(name):
        return from_file(name)
    if not name.endswith(".py"):
        raise ObjectError(
            f"{name} is no BPF object: it does not begin as an ELF does, nor does its name end with"
            " .py, as that of a Python file with programs does"
        )
    return _built(name)


def is_object(path: str) -> bool:
    """Whether the file is an ELF, or is called as an object is."""
    with builtins.open(path, "rb") as file:
        return file.read(len(_ELF)) == _ELF or path.endswith(_ENDINGS)


def from_file(path: str) -> Object:
    """The object in an ELF file.

    Raises: OSError; ObjectError that names the file.
    """
    from kring.obj.elf_read import from_elf

    with builtins.open(path, "rb") as file:
        data = file.read()
    if data[: len(_ELF)] != _ELF:
        what = "is empty" if not data else "does not begin as an ELF does"
        raise ObjectError(f"{path} is no BPF object: it {what}")
    name = os.path.basename(path)
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return from_elf(data, name)


def _built(path: str) -> Object:
    from kring.build import build
    from kring.script import programs_in

    before = sys.argv, sys.path[:]
    try:
        return build(*programs_in(path))
    except SystemExit as error:
        raise ObjectError(str(error)) from None
    finally:
        sys.argv, sys.path[:] = before
