"""A file becomes an Object, whatever made it: `kring.open`.

In:  a path: a BPF object, known by its first bytes, or a Python or Lisp file with programs.
Out: the Object. Needs no privileges, and reads no running system, but where a form of Lisp asks
     for one.
"""

from __future__ import annotations

import builtins
import os
import sys
from typing import TYPE_CHECKING

from kring.errors import ObjectError
from kring.obj.object import Object
from kring.record import replace
from kring.spelling import is_lisp

if TYPE_CHECKING:
    from kring.btf.ext import LineInfo

_ELF = b"\x7fELF"
_ENDINGS = (".bpf.o", ".o")


def open(path: str | os.PathLike[str]) -> Object:
    """The object in a file of clang's or of `kring build`, or the one that the programs of a Python
    or Lisp file make.

    Raises: OSError; ObjectError for a file that is neither, CompileError.
    """
    name = os.fspath(path)
    if is_object(name):
        return from_file(name)
    if is_lisp(name):
        from kring.lisp import built

        return placed(built(name)[0], name)
    if not name.endswith(".py"):
        raise ObjectError(
            f"{name} is no BPF object: it does not begin as an ELF does, nor does its name end with"
            " .py or .lisp, as that of a file with programs does"
        )
    return _built(name)


def is_object(path: str) -> bool:
    """Whether the file is an ELF, or is called as an object is."""
    with builtins.open(path, "rb") as file:
        return file.read(len(_ELF)) == _ELF or path.endswith(_ENDINGS)


def placed(obj: Object, path: str) -> Object:
    """The object of a source file, with the files of its lines named from that one's directory on:
    the same source gives the same bytes, wherever it is."""
    folder = os.path.dirname(os.path.abspath(path))

    def near(line: LineInfo) -> LineInfo:
        file = os.path.abspath(line.file)
        inside = os.path.commonpath((file, folder)) == folder
        return replace(line, file=os.path.relpath(file, folder)) if inside else line

    programs = (replace(one, lines=tuple(map(near, one.lines))) for one in obj.programs)
    return replace(obj, programs=tuple(programs))


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
