"""Where in the frame the memory of `stack` lies: what is never needed at once shares bytes.

In:  a checked IR function.
Out: `place(fn, out)`: the offset from the frame pointer of every value that is a known address.
Rule: an area is needed from an access that reaches to one that may see what was there; an
access before which a block writes every byte that is ever written sees nothing from before. An
area whose address goes anywhere but to accesses is always needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kring.abi.helpers import HELPERS
from kring.abi.isa import DST_IMM, FRAME_POINTER, Insn
from kring.ir.core import ACCESSES, ATOMICS, Block, Fn, Mem, Op, Value, number
from kring.ir.graph import predecessors
from kring.lower.lir import MOVE, Function, bits
from kring.lower.operands import small
from kring.record import record

_LENT = frozenset({"key", "value", "in", "out"})
"""Kinds of arguments whose memory a helper is done with when it returns."""
_Places = dict[Value, tuple[int, int]]
"""For each address its area, a number from 0, and the offset into that."""


@record
class _Access:
    """One use of the memory of `area`, at an index of its block; `written` has a bit for each
    byte that surely gets a new value, `may_write` for those that perhaps do."""

    at: int
    area: int
    reads: bool
    written: int = 0
    may_write: int = 0


@record
class _Local:
    """The accesses of one block, and as sets: the areas it accesses, those of whose bytes it
    may see what was there before, the index of each one's last access."""

    accesses: Sequence[_Access]
    touched: int
    exposed: int
    last: Mapping[int, int]


def place(fn: Fn, out: Function) -> dict[Value, int]:
    """The offset from the frame pointer of each area, and of each address in one.

    The bytes are taken from `out`, whose users they are counted for: those that areas share
    for the largest.
    """
    _reserve(fn, out)
    places, top = _places(fn), out.frame
    areas = [value for value in places if value.op is Op.STACK]
    sizes = [(value.imm + 7) & ~7 for value in areas if isinstance(value.imm, int)]
    spots, owned = _color(sizes, _near(fn, places, len(areas)))
    out.slot(8 * sum(owned))
    out.users += [(v.span, 8 * count) for v, count in zip(areas, owned, strict=True) if count]
    return {
        value: offset - top - spots[area] - sizes[area] for value, (area, offset) in places.items()
    }


def _reserve(fn: Fn, out: Function) -> None:
    """Leave what the author's own instructions name below the frame pointer to them."""
    own = [(value, value.imm) for value in fn.values() if isinstance(value.imm, Insn)]
    copied = any(insn.op is MOVE and insn.src == FRAME_POINTER for _, insn in own)
    for value, insn in own:
        offset = insn.off if FRAME_POINTER in (insn.src, insn.dst) else 0
        if copied and insn.op.form == DST_IMM and insn.op.verb in ("add", "sub"):
            offset = insn.imm if insn.op.verb == "add" else -insn.imm
        more = -(offset // 8 * 8) - out.frame
        if more > 0:
            out.slot(more)
            out.users.append((value.span, more))


def _places(fn: Fn) -> _Places:
    found: _Places = {}
    areas = 0
    for value in fn.values():
        match value:
            case Value(op=Op.STACK):
                found[value] = areas, 0
                areas += 1
            case Value(op=Op.ADD, args=[a, b]):
                for base, step in ((a, b), (b, a)):
                    if base in found and (by := small(step)) is not None:
                        found[value] = found[base][0], found[base][1] + by
            case _:
                pass  # no other op makes an address
    return found


# -- accesses


def _near(fn: Fn, places: _Places, count: int) -> list[int]:
    """For each area the set of those it must not share bytes with."""
    accesses = {block: list(_accesses(block, places)) for block in fn.blocks}
    escaped = _escaped(fn, places)
    ever = [0] * count
    for found in accesses.values():
        for access in found:
            ever[access.area] |= access.written | access.may_write
    near = _overlaps(fn, {block: _local(found, ever) for block, found in accesses.items()}, count)
    for area in range(count):
        near[area] |= (1 << count) - 1 if escaped >> area & 1 else escaped
    return near


def _escaped(fn: Fn, places: _Places) -> int:
    """The areas with an address that is used otherwise than to access them."""
    found = 0
    for value in fn.values():
        lent = {at for at, _ in _lent(value)}
        for at, arg in enumerate(value.args):
            if arg in places and value not in places and at not in lent:
                found |= 1 << places[arg][0]
    for block in fn.blocks:
        for edge in block.edges:
            for arg in edge.args:
                if arg in places:
                    found |= 1 << places[arg][0]
    return found


def _lent(value: Value) -> Iterator[tuple[int, str]]:
    """The operands that are addresses only to access memory now, and how that is used."""
    match value.op, value.imm:
        case op, Mem(core=None) if op in ACCESSES:
            yield 0, op.value
        case Op.CALL, str(name) if name in HELPERS:
            kinds = HELPERS[name].args
            yield from ((at, kind) for at, kind in enumerate(kinds) if kind in _LENT)
        case _:
            pass  # any other use may keep the address


def _accesses(block: Block, places: _Places) -> Iterator[_Access]:
    """The accesses of a block in order; of those at one index, the reading ones first."""
    for at, value in enumerate(block.body):
        found = [
            _access(at, value, kind, operand, *places[value.args[operand]])
            for operand, kind in _lent(value)
            if value.args[operand] in places
        ]
        yield from sorted(found, key=lambda access: not access.reads)


def _access(at: int, value: Value, kind: str, operand: int, area: int, offset: int) -> _Access:
    match value.imm:
        case Mem() as mem:
            written = 0 if value.op is Op.LOAD else _bytes(offset + mem.offset, mem.size)
            reads = value.op is Op.LOAD or value.op in ATOMICS
        case str(name) if kind == "out":
            size = number(value.args[operand + 1]) if _sized(name, operand) else None
            may = _bytes(offset, size) if size is not None else -1
            # What a string leaves after its NUL, and an unknown size, is as it was.
            if size is None or name.endswith("_str"):
                return _Access(at, area, True, 0, may)
            reads, written = False, may
        case _:
            reads, written = True, 0
    return _Access(at, area, reads, written, written)


def _sized(name: str, operand: int) -> bool:
    """Whether a buffer's size is the argument after it."""
    return HELPERS[name].args[operand + 1 : operand + 2] == ("size",)


def _bytes(start: int, size: int) -> int:
    """The set of bytes of a stretch; of a place before an area's start, every one."""
    return ((1 << size) - 1) << start if start >= 0 else -1


def _local(accesses: Sequence[_Access], ever: Sequence[int]) -> _Local:
    """What a block does with each area, of whose bytes those in `ever` are ever written."""
    old: dict[int, int] = {}
    seen: set[int] = set()
    last: dict[int, int] = {}
    for access in accesses:
        area = access.area
        left = old.get(area, ever[area])
        if access.reads and left:
            seen.add(area)
        old[area] = left & ~access.written
        last[area] = access.at
    touched = exposed = 0
    for area, left in old.items():
        touched |= 1 << area
        if left or area in seen:
            exposed |= 1 << area
    return _Local(accesses, touched, exposed, last)


# -- lifetimes


def _overlaps(fn: Fn, local: Mapping[Block, _Local], count: int) -> list[int]:
    """For each area the set of those needed while it is, itself among them."""
    following = {block: [edge.block for edge in block.edges] for block in fn.blocks}
    reached = _flow(following, {b: (found.touched, 0) for b, found in local.items()})
    wanted = _flow(
        predecessors(fn),
        {b: (found.exposed, found.touched & ~found.exposed) for b, found in local.items()},
    )
    near = [1 << area for area in range(count)]
    for block, found in local.items():
        rewritten = found.touched & ~found.exposed
        before = reached[block] & (found.exposed | wanted[block] & ~rewritten)
        after = wanted[block] & (reached[block] | found.touched)
        _sweep(found, before, after, near)
    return near


def _flow(
    targets: dict[Block, list[Block]], effects: Mapping[Block, tuple[int, int]]
) -> dict[Block, int]:
    """For each block the union of what comes from those it is a target of: what they add, and
    of what comes to them what they do not take away."""
    found = dict.fromkeys(targets, 0)
    pending = dict.fromkeys(reversed(targets))
    while pending:
        block, _ = pending.popitem()
        added, taken = effects[block]
        for target in targets[block]:
            union = found[target] | added | found[block] & ~taken
            if union != found[target]:
                found[target] = union
                pending[target] = None
    return found


def _sweep(local: _Local, before: int, after: int, near: list[int]) -> None:
    """The pairs of areas that are needed at once somewhere in a block, added to `near`."""
    for area in bits(before):
        near[area] |= before
    live, ending, now = before, 0, -1
    for access in local.accesses:
        one = 1 << access.area
        if access.at != now:
            live, ending, now = live & ~ending, 0, access.at
        if not live & one:
            near[access.area] |= live
            for other in bits(live):
                near[other] |= one
            live |= one
        if local.last[access.area] == access.at and not after & one:
            ending |= one


# -- places


def _color(sizes: Sequence[int], near: Sequence[int]) -> tuple[list[int], list[int]]:
    """How many bytes into the frame each area is, large ones first, as near as its
    neighbours leave room; and of how many 8 bytes it is the first to lie there."""
    spots = [0] * len(sizes)
    owned = [0] * len(sizes)
    placed = top = 0
    for area in sorted(range(len(sizes)), key=lambda area: -sizes[area]):
        spot = 0
        taken = sorted((spots[other], sizes[other]) for other in bits(near[area] & placed))
        for start, size in taken:
            if spot + sizes[area] <= start:
                break
            spot = max(spot, start + size)
        spots[area] = spot
        placed |= 1 << area
        # No gap is ever left below an area: what is beyond the top is all that is new.
        owned[area] = max(0, spot + sizes[area] - top) // 8
        top += 8 * owned[area]
    return spots, owned
