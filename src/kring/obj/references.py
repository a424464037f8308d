"""What a program's instructions refer to by name, filled in for one running system.

In: code, a `Program`'s references, and what the system says of each. Out: the code, changed in
place. An instruction that refers to what is not there becomes a call no verifier accepts, so that
the program still loads where that instruction cannot be reached; `absent` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Final, TypeVar

from kring.abi.isa import OPS, Pseudo
from kring.errors import LoadError, ObjectError
from kring.obj.functions import CALL, LDDW
from kring.obj.object import KfuncRef, KsymRef, MapRef, Program

SLOT: Final = Struct("<BBhI")
"""Opcode, src << 4 | dst, off, imm."""
POISON: Final = 0x0BAD_2310
"""The helper number libbpf calls too, so that its users know it in a verifier's log."""
_KFUNC: Final = OPS["call_kfunc"].src

_E = TypeVar("_E", bound=Exception)

Maps = Mapping[str, int | None]
"""Descriptors by name; None for a map that is left out on purpose."""
Kfuncs = Callable[[KfuncRef], tuple[int, int]]
"""The id of a kernel function, and the index of its module's types, 0 for the kernel's own."""
Ksyms = Callable[[KsymRef], tuple[Pseudo, int, int]]
"""What a lddw of a kernel symbol's address holds: its kind, and the halves of its immediate."""


def patch_map(code: bytearray, ref: MapRef, maps: Maps) -> None:
    """Put a map's descriptor into its lddw."""
    if ref.map not in maps:
        raise ObjectError(f"slot {ref.slot} refers to map {ref.map!r}, which was not created")
    fd = maps[ref.map]
    opcode, regs, off, _ = read(code, ref.slot)
    if opcode != LDDW or not 0 <= (ref.offset or 0) < 1 << 32:
        raise ObjectError(f"slot {ref.slot} cannot refer to byte {ref.offset} of map {ref.map!r}")
    if fd is None:
        poison(code, ref.slot)
        return
    kind = Pseudo.MAP_FD if ref.offset is None else Pseudo.MAP_VALUE
    SLOT.pack_into(code, ref.slot * 8, opcode, regs & 15 | kind << 4, off, fd)
    SLOT.pack_into(code, ref.slot * 8 + 8, 0, 0, 0, ref.offset or 0)


def patch_kfunc(code: bytearray, program: Program, ref: KfuncRef, kfuncs: Kfuncs | None) -> None:
    """Make a call that of the system's function; without it, one that is weak is no call."""
    opcode, regs, _, _ = read(code, ref.slot)
    if opcode != CALL or kfuncs is None:
        raise ObjectError(f"slot {ref.slot} cannot call the kernel function {ref.name!r}")
    try:
        id, module = kfuncs(ref)
    except LoadError as error:
        if ref.weak:
            poison(code, ref.slot)
            return
        raise placed(error, program, ref.slot) from None
    SLOT.pack_into(code, ref.slot * 8, opcode, regs & 15 | _KFUNC << 4, module, id)


def patch_ksym(code: bytearray, program: Program, ref: KsymRef, ksyms: Ksyms | None) -> None:
    """Put the address of a symbol of the kernel's into its lddw, 0 for a weak one that is none."""
    opcode, regs, off, _ = read(code, ref.slot)
    if opcode != LDDW or ksyms is None:
        raise ObjectError(f"slot {ref.slot} cannot refer to the kernel's {ref.name!r}")
    try:
        kind, low, high = ksyms(ref)
    except LoadError as error:
        if not ref.weak:
            raise placed(error, program, ref.slot) from None
        kind, low, high = Pseudo.VALUE, 0, 0
    SLOT.pack_into(code, ref.slot * 8, opcode, regs & 15 | kind << 4, off, low)
    SLOT.pack_into(code, ref.slot * 8 + 8, 0, 0, 0, high)


def absent(program: Program, maps: Maps, kfuncs: Kfuncs) -> list[tuple[int, str]]:
    """Slots that refer to what is not there, and why that is; for explaining a refusal."""
    found: list[tuple[int, str]] = []
    for ref in program.maps:
        if maps.get(ref.map) is None:
            found.append((ref.slot, f"map {ref.map!r} is not created, but is used here"))
    for called in program.kfuncs:
        try:
            kfuncs(called)
        except LoadError as error:
            found.append((called.slot, f"{error}; it is called here"))
    return found


def poison(code: bytearray, slot: int) -> None:
    """Let no verifier accept that the instruction is reached."""
    for at in (slot, slot + 1) if read(code, slot)[0] == LDDW else (slot,):
        SLOT.pack_into(code, at * 8, CALL, 0, 0, POISON)


def read(code: bytes | bytearray, slot: int) -> tuple[int, int, int, int]:
    """Opcode, registers, offset and immediate at a slot.

    Raises: ObjectError if the code ends before.
    """
    if not 0 <= slot < len(code) // 8 or (code[slot * 8] == LDDW and slot * 8 + 16 > len(code)):
        raise ObjectError(f"a relocation is at slot {slot}, past the end of the code")
    return SLOT.unpack_from(code, slot * 8)


def placed(error: _E, program: Program, slot: int) -> _E:
    """The error with the line of the source that the instruction at `slot` came from."""
    lines = [line for line in program.lines if line.slot <= slot][-1:]
    for line in lines:
        error.add_note(f"  {line.file}:{line.line}: {line.line_text.strip()}")
    if not lines:
        error.add_note(f'  in program "{program.name}", slot {slot}')
    return error
