"""Static probes of user space as x86-64 programs note them: where each is, and where its arguments
are then.

    -4@%edi                 the low 4 bytes of a register, signed
    8@-24(%rbp)             8 bytes of memory at a register's address and a distance
    4@8(%rax,%rbx,4)        the same with an index and its scale
    4@$7                    a constant
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kring.record import record


@record
class Site:
    """One place of a probe: its offset in the file, its semaphore's or 0, and its arguments."""

    offset: int
    semaphore: int
    arguments: str


@record
class Place:
    """Where an argument of `size` bytes is: a `constant`, a register, or, with `memory`, at the
    address `base + index * scale + offset`. Registers are named as struct pt_regs has them."""

    size: int
    signed: bool
    constant: int | None = None
    memory: bool = False
    base: str = ""
    index: str = ""
    scale: int = 1
    offset: int = 0


_WHOLE: Final = {
    **{f"{prefix}{name}": name for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")
       for prefix in ("r", "e", "")},
    **{f"{name[0]}l": name for name in ("ax", "bx", "cx", "dx")},
    **{f"{name}l": name for name in ("si", "di", "bp", "sp")},
    **{f"r{n}{width}": f"r{n}" for n in range(8, 16) for width in ("", "d", "w", "b")},
}  # fmt: skip
"""The register of 64 bits that each name is a part of, or all of."""

_ARGUMENT: Final = re.compile(
    r"(?P<size>-?[1248])@(?:"
    r"\$(?P<constant>-?\d+)"
    r"|%(?P<register>\w+)"
    r"|(?P<offset>-?\d*)\((?:%(?P<base>\w+))?(?:,%(?P<index>\w+)(?:,(?P<scale>[1248]))?)?\)"
    r")"
)


def parse_arguments(text: str) -> list[Place | None]:
    """The places that a note's third string lists; None for one that is of another form, a
    floating-point register say."""
    return [_parse(one) for one in text.split()]


def _parse(text: str) -> Place | None:
    found = _ARGUMENT.fullmatch(text)
    if found is None:
        return None
    size = int(found["size"])
    registers = [found[name] for name in ("register", "base", "index") if found[name]]
    if any(register not in _WHOLE for register in registers):
        return None
    if found["constant"]:
        return Place(abs(size), size < 0, constant=int(found["constant"]))
    if found["register"]:
        return Place(abs(size), size < 0, base=_WHOLE[found["register"]])
    return Place(
        abs(size),
        size < 0,
        memory=True,
        base=_WHOLE[found["base"]] if found["base"] else "",
        index=_WHOLE[found["index"]] if found["index"] else "",
        scale=int(found["scale"] or 1),
        offset=int(found["offset"] or 0),
    )


def forms(sites: Sequence[Site]) -> list[str]:
    """The different forms that the arguments have, in the order that sites are numbered by."""
    return list(dict.fromkeys(site.arguments for site in sites))
