"""Where probes go in ELF files: files by their names, functions by theirs.

In: what a program says of its hook. Out: a path, and an offset in bytes from the file's start.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from errno import ENOENT
from typing import TYPE_CHECKING

from kring.errors import AttachError
from kring.spelling import suggestion

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_LIBRARIES = (
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
)
_SYMBOL = struct.Struct("<IBBHQQ")
"""Elf64_Sym: name, info, other, section, value, size."""
_FUNCTIONS = (2, 10)
"""STT_FUNC and STT_GNU_IFUNC."""


def find_file(name: str) -> str:
    """The absolute path of a file: `name` itself if it is a path, else the library or command of
    that name.

    Raises: AttachError if there is none.
    """
    if "/" in name:
        path = os.path.abspath(name)
        if os.path.isfile(path):
            return path
        raise AttachError(f"no file {name}", ENOENT)
    given = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    commands = os.environ.get("PATH", os.defpath).split(":")
    where = (*given, *_LIBRARIES) if ".so" in name else (*commands, *given, *_LIBRARIES)
    for directory in filter(None, where):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return os.path.realpath(path)
    raise AttachError(
        f"no file {name!r} where libraries and commands are; write its path, as `ldd` shows it",
        ENOENT,
    )


def offset_of(path: str, symbol: str, distance: int = 0) -> int:
    """Where in the file a function begins, `distance` bytes further on.

    Raises: AttachError if the file has no such function, or is no ELF file.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    with open(path, "rb") as file:
        try:
            elf = ELFFile(file)
            for address in _addresses(elf, symbol):
                return file_offset(elf, address) + distance
        except ELFError as error:
            raise AttachError(f"{path} is no ELF file: {error}") from None
        hint = _suggestion(elf, symbol)
    raise AttachError(f"{path} has no function {symbol!r}.{hint}", ENOENT)


def matching(path: str, pattern: str) -> dict[str, int]:
    """Where in the file each function begins whose name matches a shell's pattern.

    Raises: AttachError if there is none, or it is no ELF file.
    """
    from fnmatch import filter as matches

    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    with open(path, "rb") as file:
        try:
            elf = ELFFile(file)
            known = dict(_functions(elf))
            found = {name: file_offset(elf, known[name]) for name in matches(known, pattern)}
        except ELFError as error:
            raise AttachError(f"{path} is no ELF file: {error}") from None
    if not found:
        hint = suggestion(pattern, known, quote="")
        raise AttachError(f"no function of {path} matches {pattern!r}.{hint}", ENOENT)
    return found


def file_offset(elf: ELFFile, address: int) -> int:
    """Where in the file the byte lies that is loaded at an address."""
    for segment in elf.iter_segments("PT_LOAD"):
        begin = int(segment["p_vaddr"])
        if begin <= address < begin + int(segment["p_filesz"]):
            return address - begin + int(segment["p_offset"])
    raise AttachError(f"no part of the file is loaded at {address:#x}", ENOENT)


def _addresses(elf: ELFFile, wanted: str) -> Iterator[int]:
    """The addresses of functions of that name, with or without its version (`name@GLIBC_2.2`)."""
    name = wanted.partition("@")[0].encode()
    for symbols, strings in _tables(elf):
        # Looking for the name first spares the work on the many others.
        places = _places(strings, name)
        for offset, info, _, section, value, _ in _SYMBOL.iter_unpack(symbols):
            if offset in places and info & 15 in _FUNCTIONS and section:
                yield value


def _places(strings: bytes, name: bytes) -> set[int]:
    """Where the name stands, perhaps as the end of a longer one: linkers share them."""
    found: set[int] = set()
    at = strings.find(name + b"\0")
    while at >= 0:
        found.add(at)
        at = strings.find(name + b"\0", at + 1)
    return found


def _tables(elf: ELFFile) -> Iterator[tuple[bytes, bytes]]:
    """Symbols and their names, of the file's own table first."""
    for kind in ("SHT_SYMTAB", "SHT_DYNSYM"):
        for section in elf.iter_sections(kind):
            data: bytes = section.data()
            strings: bytes = elf.get_section(section["sh_link"]).data()
            yield data[: len(data) // _SYMBOL.size * _SYMBOL.size], strings


def _suggestion(elf: ELFFile, symbol: str) -> str:
    return suggestion(symbol, {name for name, _ in _functions(elf)}, quote="")


def _functions(elf: ELFFile) -> Iterator[tuple[str, int]]:
    """All functions and their addresses."""
    for symbols, strings in _tables(elf):
        for offset, info, _, section, value, _ in _SYMBOL.iter_unpack(symbols):
            if info & 15 in _FUNCTIONS and section:
                end = strings.find(b"\0", offset)
                yield strings[offset:end].decode(errors="replace"), value
