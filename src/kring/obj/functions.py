"""A program's flat code cut into functions, whose calls name their callee instead of a distance.

In: a `Program`. Out: its functions in order, each with positions from its own start. Putting
functions together again is `join`; ELF wants them apart, the kernel wants them in one piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from struct import pack_into, unpack_from
from typing import Final, TypeVar

from kring.abi.isa import OPS, Pseudo
from kring.btf.ext import CoreReloc, LineInfo
from kring.errors import ObjectError
from kring.obj.object import Function, KfuncRef, KsymRef, MapRef, Program
from kring.record import record, replace

LDDW: Final = OPS["lddw"].code
CALL: Final = OPS["call"].code
PSEUDO_CALL: Final = OPS["call_local"].src
RELOC_ADDRESS: Final = 1
"""R_BPF_64_64: a lddw holds an address."""
RELOC_CALL: Final = 10
"""R_BPF_64_32: a call is to a function."""


_Row = TypeVar("_Row", MapRef, CoreReloc, LineInfo, KfuncRef, KsymRef)


@record
class Piece:
    """One function. `slot` is where it began; the rest counts from there.

    `calls` are (slot, what identifies the callee, ELF relocation type).
    """

    slot: int
    name: str
    type_id: int
    code: bytes
    calls: tuple[tuple[int, int, int], ...] = ()
    maps: tuple[MapRef, ...] = ()
    core: tuple[CoreReloc, ...] = ()
    lines: tuple[LineInfo, ...] = ()
    kfuncs: tuple[KfuncRef, ...] = ()
    ksyms: tuple[KsymRef, ...] = ()


def split(program: Program) -> list[Piece]:
    """The functions of `program`, the entry first; callees are identified by their old slot.

    Raises: ObjectError if a call leads into the middle of a function.
    """
    known = sorted(program.functions, key=lambda f: f.slot)
    if not known or known[0].slot:
        known = [Function(0, program.name), *known]
    bounds = [*(function.slot for function in known), program.slots]
    starts = set(bounds[:-1])
    maps, core = _dealt(program.maps, bounds), _dealt(program.core, bounds)
    lines = _dealt(program.lines, bounds)
    kfuncs, ksyms = _dealt(program.kfuncs, bounds), _dealt(program.ksyms, bounds)
    pieces: list[Piece] = []
    for number, function in enumerate(known):
        at, end = bounds[number : number + 2]
        code = bytearray(program.code[at * 8 : end * 8])
        calls: list[tuple[int, int, int]] = []
        for slot, distance, kind in local_calls(code):
            target = at + slot + 1 + distance
            if target not in starts:
                raise ObjectError(f"{program.name}: the call at slot {at + slot} is to no function")
            calls.append((slot, target, kind))
            # as compilers leave it: a call from the slot before the symbol, an address of kind 0
            pack_into("<i", code, slot * 8 + 4, -1 if kind == RELOC_CALL else 0)
            code[slot * 8 + 1] &= 0xFF if kind == RELOC_CALL else 15
        pieces.append(
            Piece(
                at,
                function.name,
                function.type_id,
                bytes(code),
                tuple(calls),
                maps[number],
                core[number],
                lines[number],
                kfuncs[number],
                ksyms[number],
            )
        )
    return pieces


def _dealt(rows: Sequence[_Row], bounds: list[int]) -> list[tuple[_Row, ...]]:
    """For each function the rows of its slots, which count from its start then."""
    dealt: list[list[_Row]] = [[] for _ in bounds]
    for row in rows:
        number = bisect_right(bounds, row.slot) - 1
        if number >= 0:
            dealt[number].append(replace(row, slot=row.slot - bounds[number]))
    return [tuple(some) for some in dealt[:-1]]


def local_calls(code: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Slot, distance from the next slot, and relocation type of each reference to a function."""
    slot = 0
    while slot < len(code) // 8:
        opcode, regs, _, imm = unpack_from("<BBhi", code, slot * 8)
        if opcode == CALL and regs >> 4 == PSEUDO_CALL:
            yield slot, imm, RELOC_CALL
        if opcode == LDDW and regs >> 4 == Pseudo.FUNC:
            yield slot, imm, RELOC_ADDRESS
        slot += 2 if opcode == LDDW else 1


def join(name: str, section: str, entry: Piece, callee: Callable[[int], Piece]) -> Program:
    """The program that begins with `entry`, every function it reaches once, in the order of calls.

    `callee` finds a piece by what identifies it in `calls`.
    """
    order: list[tuple[Piece, int]] = []
    starts: dict[int, int] = {}
    size = 0
    todo = [entry]
    while todo:
        piece = todo.pop()
        if piece.slot in starts:
            continue
        starts[piece.slot] = size
        order.append((piece, size))
        size += len(piece.code) // 8
        # the first call's function comes next, with all it calls, as libbpf orders them
        todo += [callee(to) for _, to, _ in reversed(piece.calls)]
    code = bytearray(b"".join(piece.code for piece, _ in order))
    for piece, at in order:
        for slot, to, kind in piece.calls:
            _link(code, at + slot, starts[to] - (at + slot) - 1, kind)
        for ref in piece.maps:
            _name_map(code, at + ref.slot, ref.offset)
    return Program(
        name,
        section,
        bytes(code),
        tuple(replace(m, slot=m.slot + at) for piece, at in order for m in piece.maps),
        tuple(replace(r, slot=r.slot + at) for piece, at in order for r in piece.core),
        tuple(Function(at, piece.name, piece.type_id) for piece, at in order),
        tuple(replace(ln, slot=ln.slot + at) for piece, at in order for ln in piece.lines),
        tuple(replace(k, slot=k.slot + at) for piece, at in order for k in piece.kfuncs),
        tuple(replace(k, slot=k.slot + at) for piece, at in order for k in piece.ksyms),
    )


def _link(code: bytearray, slot: int, distance: int, kind: int) -> None:
    pack_into("<i", code, slot * 8 + 4, distance)
    if kind == RELOC_ADDRESS:
        code[slot * 8 + 1] = code[slot * 8 + 1] & 15 | Pseudo.FUNC << 4
        pack_into("<i", code, slot * 8 + 12, 0)


def _name_map(code: bytearray, slot: int, offset: int | None) -> None:
    """Whoever compiled it, an address of a map says so before it is known."""
    kind = Pseudo.MAP_FD if offset is None else Pseudo.MAP_VALUE
    code[slot * 8 + 1] = code[slot * 8 + 1] & 15 | kind << 4
    pack_into("<i", code, slot * 8 + 4, 0)
    pack_into("<i", code, slot * 8 + 12, 0)
