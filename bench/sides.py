"""The two sides of a pair `name.py`/`name.c`, compiled: an object of kring's and one of clang's.

Either may come without the count of lost records: in Python `count_drops=False`, in C the define
NO_COUNTER. A pair whose C does not know that define is measured once, as its authors wrote it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from platform import machine
from types import FunctionType
from typing import NamedTuple

from elftools.elf.elffile import ELFFile

from kring import Kernel, Object
from kring.build import compile_all
from kring.decl import maps
from kring.errors import ObjectError
from kring.obj.elf_read import from_elf
from kring.script import programs_in

CLANG = ("clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3")
# Without a `--target` for Linux, clang does not search the directory of <asm/types.h>.
INCLUDE = f"-I/usr/include/{machine()}-linux-gnu"
SWITCH = "NO_COUNTER"
_EXECUTABLE = 4


class Size(NamedTuple):
    """A compiled program: its name, its ELF section, its instruction slots."""

    program: str
    section: str
    slots: int


class Failed(Exception):
    """One side does not compile; the text says why."""


def clang(source: Path, out: Path, *defines: str) -> Path:
    """A C file compiled to the object `out`.

    Raises: Failed with what clang said.
    """
    flags = [INCLUDE, f"-I{source.parent}", *(f"-D{name}" for name in defines)]
    if "vmlinux.h" in source.read_text():
        flags.append(f"-I{_kernel_types(out.parent)}")
    command = [*CLANG, *flags, "-c", str(source), "-o", str(out)]
    ran = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if ran.returncode:
        raise Failed(ran.stderr.strip())
    return out


def _kernel_types(into: Path) -> Path:
    """A folder with vmlinux.h, the running kernel's types in C."""
    folder = into / "vmlinux"
    if not folder.exists():
        folder.mkdir()
        dump = ["bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"]
        with (folder / "vmlinux.h").open("wb") as header:
            subprocess.run(dump, stdout=header, check=True)
    return folder


def kring(source: Path, out: Path, counted: bool) -> list[Size]:
    """The programs of a Python file, which are written to the object `out`.

    Raises: Failed with what kring said.
    """
    try:
        with _default_count(counted):
            programs = programs_in(str(source))
        facts = Kernel().open(Object("facts", ()))
        try:
            built, _ = compile_all(programs, facts)
        finally:
            facts.close()
        built.write(str(out))
    # Whatever a compiler dies of is a row of the table, not the end of it.
    except (Exception, SystemExit) as error:
        raise Failed(f"{type(error).__name__}: {error}") from None
    return [Size(one.name, one.section, one.slots) for one in built.programs]


@contextmanager
def _default_count(counted: bool) -> Generator[None]:
    """Streams declared meanwhile count what they lose, or do not, unless they say it themselves."""
    inits = (vars(kind).get("__init__") for kind in vars(maps).values() if isinstance(kind, type))
    streams = [
        init
        for init in inits
        if isinstance(init, FunctionType) and "count_drops" in (init.__kwdefaults__ or {})
    ]
    before = [dict(init.__kwdefaults__ or {}) for init in streams]
    for init in streams:
        init.__kwdefaults__ = {**(init.__kwdefaults__ or {}), "count_drops": counted}
    try:
        yield
    finally:
        for init, defaults in zip(streams, before, strict=True):
            init.__kwdefaults__ = defaults


def clang_sizes(path: Path) -> list[Size]:
    """The programs of an object, each with the subprograms it reaches."""
    try:
        read = from_elf(path.read_bytes(), path.stem)
    except ObjectError:
        return _symbol_sizes(path)
    return [Size(one.name, one.section, one.slots) for one in read.programs]


def _symbol_sizes(path: Path) -> list[Size]:
    """As `clang_sizes`, of an object that kring does not read: each program gets all of .text."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        sections = list(elf.iter_sections())
        text = sum(one["sh_size"] for one in sections if one.name == ".text")
        found: list[Size] = []
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            index = symbol["st_shndx"]
            if symbol["st_info"]["type"] != "STT_FUNC" or not isinstance(index, int):
                continue
            section = sections[index]
            if section.name != ".text" and section["sh_flags"] & _EXECUTABLE:
                size = (symbol["st_size"] + text) // 8
                found.append(Size(symbol.name, section.name, size))
        return found


def matched(ours: list[Size], theirs: list[Size]) -> tuple[list[tuple[Size, Size]], list[Size]]:
    """Programs of one name; of those left, the ones in sections of one name; then the only ones.
    Behind them what has no like on the other side."""
    pairs: list[tuple[Size, Size]] = []
    left, right = list(ours), list(theirs)
    for same in (_same_name, _same_section, lambda _a, _b: len(left) == len(right) == 1):
        for one in list(left):
            other = next((other for other in right if same(one, other)), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)
    return sorted(pairs, key=lambda pair: ours.index(pair[0])), [*left, *right]


def _same_name(one: Size, other: Size) -> bool:
    return one.program == other.program


def _same_section(one: Size, other: Size) -> bool:
    return one.section == other.section
