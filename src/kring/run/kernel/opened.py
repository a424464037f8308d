"""What another process made and pinned, opened by its name.

In: a descriptor of whatever has the name. Out: a live map, program or link.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

from kring.abi.programs import KINDS, Kind
from kring.errors import AttachError, LoadError
from kring.obj.object import Map, Program
from kring.run.info import ProgramInfo
from kring.run.kernel.attach import KernelLink
from kring.run.kernel.info import kind_of_fd, map_info, program_info
from kring.run.kernel.maps import KernelMap
from kring.run.kernel.programs import KernelProgram
from kring.run.target import Hook, Link

Attach = Callable[[KernelProgram, Hook], Link]
Iterate = Callable[[KernelProgram, Hook], bytes]


def opened(
    fd: int, path: str, attach: Attach, iterate: Iterate
) -> KernelMap | KernelProgram | KernelLink:
    """What the descriptor refers to; `attach` and `iterate` are what the methods `attach` and
    `read` of a program do."""
    match kind_of_fd(fd):
        case "map":
            return KernelMap(_spec(fd), fd)
        case "program":
            return _program(fd, attach, iterate)
        case "link":
            link = KernelLink()
            link.fds.keep(os.dup, fd)
            return link
        case _:
            raise LoadError(f"{path} is no map, program or link")


def _spec(fd: int) -> Map:
    info = map_info(fd)
    return Map(
        info.name, info.type, info.key_size, info.value_size, info.max_entries, info.flags,
        info.key_type, info.value_type, map_extra=info.map_extra,
    )  # fmt: skip


def _program(fd: int, attach: Attach, iterate: Iterate) -> KernelProgram:
    info = program_info(fd)
    kinds = [kind for kind in KINDS.values() if kind.type.name.lower() == info.type]
    if not kinds:
        raise LoadError(f'program "{info.name}" is of a kind ({info.type}) unknown to kring')
    spec = Program(info.name, kinds[0].sections[0].rstrip("/"), bytes(8 * info.slots))
    connect = attach if len(kinds) == 1 else _unsure(info, kinds)
    return KernelProgram(spec, kinds[0], fd, connect, iterate)


def _unsure(info: ProgramInfo, kinds: list[Kind]) -> Attach:
    """The kernel does not tell which of several kinds a program was loaded as."""
    names = ", ".join(kind.name for kind in kinds)

    def refuse(program: KernelProgram, hook: Hook) -> NoReturn:
        raise AttachError(
            f'"{info.name}" is one of {names}, and the kernel does not say which: attach it in the'
            " session that loads it, and pin the link"
        )

    return refuse
