"""Static probes of user space as x86-64 programs note them: where each is, and where its arguments
are then.

    -4@%edi                 the low 4 bytes of a register, signed
    8@-24(%rbp)             8 bytes of memory at a register's address and a distance
    4@8(%rax,%rbx,4)        the same with an index and its scale
    4@$7                    a constant
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from typing import Final

from kring.abi.contexts import REGISTERS
from kring.record import record

SPECS: Final = "__bpf_usdt_specs"
"""The map in which programs made with usdt.bpf.h look for their arguments."""
_MOST_ARGUMENTS: Final = 12
_ARGUMENT_SPEC: Final = struct.Struct("<qBHBhBB")
"""struct __bpf_usdt_arg_spec: value or distance, how to get the argument, index register and scale
(since libbpf 1.7), reserved, register, whether it is signed, bits to shift away."""
_CONSTANT, _REGISTER, _MEMORY, _INDEXED, _UNKNOWN = 0, 1, 2, 3, 255
_SCALE_SHIFT: Final = 12


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


def spec(arguments: str) -> bytes:
    """The form of a probe's arguments as libbpf's usdt.bpf.h has it in the map `SPECS`: struct
    __bpf_usdt_spec. Those that it cannot express give an error when the program asks for them."""
    places = parse_arguments(arguments)[:_MOST_ARGUMENTS]
    rows = b"".join(map(_argument_spec, places)).ljust(_MOST_ARGUMENTS * _ARGUMENT_SPEC.size, b"\0")
    return rows + struct.pack("<Qh6x", 0, len(places))


def _argument_spec(place: Place | None) -> bytes:
    if place is None or (place.constant is None and not place.base):
        return _ARGUMENT_SPEC.pack(0, _UNKNOWN, 0, 0, 0, False, 0)
    signed, shift = place.signed, 64 - place.size * 8
    if place.constant is not None:
        return _ARGUMENT_SPEC.pack(place.constant, _CONSTANT, 0, 0, 0, signed, shift)
    base = REGISTERS[place.base].offset
    if not place.memory:
        return _ARGUMENT_SPEC.pack(0, _REGISTER, 0, 0, base, signed, shift)
    if not place.index:
        return _ARGUMENT_SPEC.pack(place.offset, _MEMORY, 0, 0, base, signed, shift)
    index = REGISTERS[place.index].offset | (place.scale.bit_length() - 1) << _SCALE_SHIFT
    return _ARGUMENT_SPEC.pack(place.offset, _INDEXED, index, 0, base, signed, shift)


def forms(sites: Sequence[Site]) -> list[str]:
    """The different forms that the arguments have, in the order that sites are numbered by."""
    return list(dict.fromkeys(site.arguments for site in sites))
