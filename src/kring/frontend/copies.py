"""Stretches of memory: copied, filled and compared by accesses as wide as the verifier allows.

In the stack it wants every access aligned; anywhere else the machines supported may read and write
at any address. See: kernel/bpf/verifier.c, check_ptr_alignment.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.frontend.builder import Builder, Join
from kring.ir.core import Mem, Op, Space, Value, number

_WIDTHS = (8, 4, 2, 1)
_WIDEST = 8
_COPY_LIMIT = 64
"""Bytes up to which a copy is loads and stores; beyond it a helper does it, where it can."""

Grid = tuple[int, int]
"""`step, start`: what is known of addresses, which are `start` modulo `step`."""


def pieces(size: int, *pointers: Value) -> Iterator[tuple[int, int]]:
    """Offset and width of the accesses that cover `size` bytes at each of the pointers."""
    grids = [found for pointer in pointers if (found := grid(pointer)) is not None]
    offset = 0
    while offset < size:
        width = next(w for w in _WIDTHS if w <= size - offset and _fits(grids, offset, w))
        yield offset, width
        offset += width


def grid(pointer: Value) -> Grid | None:
    """How the pointer is aligned; None where it does not matter."""
    if pointer.type.space is not Space.STACK:
        return None
    if pointer.op is Op.STACK:
        return _WIDEST, 0
    if pointer.op is not Op.ADD:
        return 1, 0
    base, by = pointer.args
    step, start = grid(base) or (1, 0)
    known = number(by)
    if known is None:
        step = min(step, _factor(by))
        known = 0
    return step, (start + known) % step


def _fits(grids: list[Grid], offset: int, width: int) -> bool:
    return all(step % width == 0 and (start + offset) % width == 0 for step, start in grids)


def _factor(value: Value) -> int:
    """A power of two that divides the value."""
    by = number(value.args[1]) if value.op in (Op.SHL, Op.MUL) else None
    if not by:
        return 1
    return 1 << min(by, 3) if value.op is Op.SHL else by & -by


def copy_bytes(b: Builder, target: Value, source: Value, size: int) -> None:
    """Copy bytes between places the program may access."""
    # A helper may write to anything but a packet.
    if size > _COPY_LIMIT and target.type.space is not Space.PACKET:
        b.call("probe_read_kernel", target, b.const(size), source)
        return
    for offset, width in pieces(size, target, source):
        b.store(target, Mem(offset, width), b.load(source, Mem(offset, width)))


def store_bytes(b: Builder, target: Value, data: bytes) -> None:
    """Write constant bytes."""
    for offset, width in pieces(len(data), target):
        piece = int.from_bytes(data[offset : offset + width], "little")
        b.store(target, Mem(offset, width), b.const(piece))


def zero_bytes(b: Builder, target: Value, size: int) -> None:
    """Write zeros, which may go where nobody can see them."""
    if (grid(target) or (_WIDEST, 0))[0] == _WIDEST:
        b.emit(Op.ZERO, target, imm=Mem(0, size))
    else:
        store_bytes(b, target, bytes(size))


def same_bytes(
    b: Builder, left: Value, right: Value, size: int, then: Join, otherwise: Join
) -> None:
    """Go to `then` if two places hold the same bytes, else to `otherwise`."""
    for offset, width in pieces(size, left, right):
        one, other = (b.load(place, Mem(offset, width)) for place in (left, right))
        _go_on(b, b.emit(Op.EQ, one, other), otherwise)
    b.jump(then)


def holds_bytes(
    b: Builder, place: Value, room: int, wanted: bytes, then: Join, otherwise: Join
) -> None:
    """Go to `then` if the first of the `room` bytes at a place are the wanted ones."""
    for offset, width, kept in _looks(place, room, wanted):
        found = b.load(place, Mem(offset, width))
        if kept < width:
            found = b.emit(Op.AND, found, b.const((1 << 8 * kept) - 1))
        piece = int.from_bytes(wanted[offset : offset + kept], "little")
        _go_on(b, b.emit(Op.EQ, found, b.const(piece)), otherwise)
    b.jump(then)


def _looks(place: Value, room: int, wanted: bytes) -> Iterator[tuple[int, int, int]]:
    """Offset and width of loads that see all wanted bytes, and how many bytes of each count.

    Four bytes compare with an immediate, so eight at once pay only where that cannot hold them;
    three are four with one masked, or four of which one was seen before.
    """
    where = grid(place)
    grids = [] if where is None else [where]
    offset, size = 0, len(wanted)
    while offset < size:
        left = size - offset
        width = next(w for w in _WIDTHS if w <= left and _fits(grids, offset, w))
        if width == 8 and wanted[offset + 3] < 0x80 > wanted[offset + 7]:
            width = 4
        if left == 3 and offset and where is None:
            yield offset - 1, 4, 4
            return
        if left == 3 and width > 1 and offset + 4 <= room and _fits(grids, offset, 4):
            yield offset, 4, 3
            return
        yield offset, width, width
        offset += width


def _go_on(b: Builder, holds: Value, otherwise: Join) -> None:
    following = b.join()
    b.branch(holds, following, otherwise)
    b.enter(following)
