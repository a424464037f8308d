"""Static probes of an ELF file, read from its notes.

    .note.stapsdt: notes "stapsdt" of type 3: u64 pc, base, semaphore; provider, name, arguments,
    each a string with its NUL

See: sys/sdt.h of SystemTap. `base` is where .stapsdt.base was when the note was written: the
difference to where it is now corrects the other addresses of a file that was moved.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from errno import ENOENT
from typing import TYPE_CHECKING

from kring.abi.usdt import Site
from kring.errors import AttachError
from kring.record import record
from kring.run.kernel.binaries import file_offset, find_file
from kring.spelling import suggestion

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_HEADER = struct.Struct("<3I")
"""Sizes of owner and description, and the type."""
_ADDRESSES = struct.Struct("<3Q")
_OWNER, _TYPE = b"stapsdt\0", 3


@record
class Note:
    """What one note says."""

    pc: int
    base: int
    semaphore: int
    provider: str
    name: str
    arguments: str


def sites(target: str) -> list[Site]:
    """The places of the probe `path:provider:name`, in the order of the notes.

    Raises: AttachError if the file is not there, or has no such probe.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    given, *names = target.rsplit(":", 2)
    if len(names) < 2 or not all((given, *names)):
        raise AttachError(f"a static probe is named path:provider:name, not {target!r}")
    provider, name = names
    path = find_file(given)
    with open(path, "rb") as file:
        try:
            elf = ELFFile(file)
            known = list(_notes(elf))
            found = [note for note in known if (note.provider, note.name) == (provider, name)]
            if found:
                return [_site(elf, note) for note in found]
        except ELFError as error:
            raise AttachError(f"{path} is no ELF file: {error}") from None
    raise AttachError(
        f"{path} has no probe {provider}:{name}.{_suggestion(f'{provider}:{name}', known)}", ENOENT
    )


def _notes(elf: ELFFile) -> Iterator[Note]:
    section = elf.get_section_by_name(".note.stapsdt")
    data: bytes = section.data() if section else b""
    at = 0
    while at + _HEADER.size <= len(data):
        owner_size, size, type = _HEADER.unpack_from(data, at)
        owner = at + _HEADER.size
        begin = owner + _aligned(owner_size)
        if type == _TYPE and data[owner : owner + owner_size] == _OWNER:
            pc, base, semaphore = _ADDRESSES.unpack_from(data, begin)
            texts = data[begin + _ADDRESSES.size : begin + size].split(b"\0")
            provider, name, arguments = (text.decode(errors="replace") for text in texts[:3])
            yield Note(pc, base, semaphore, provider, name, arguments)
        at = begin + _aligned(size)


def _aligned(size: int) -> int:
    return (size + 3) & ~3


def _site(elf: ELFFile, note: Note) -> Site:
    base = elf.get_section_by_name(".stapsdt.base")
    moved = int(base["sh_addr"]) - note.base if base and note.base else 0
    semaphore = file_offset(elf, note.semaphore + moved) if note.semaphore else 0
    return Site(file_offset(elf, note.pc + moved), semaphore, note.arguments)


def _suggestion(wanted: str, known: list[Note]) -> str:
    names = list(dict.fromkeys(f"{note.provider}:{note.name}" for note in known))
    if hint := suggestion(wanted, names, quote=""):
        return hint
    return f" It has: {', '.join(names[:20])}." if names else " It has none."
