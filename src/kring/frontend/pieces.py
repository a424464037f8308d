"""Packets that may be in pieces: what the network stack holds, of which programs see the first.

A tc program reads the packet's own memory. Where it begins, as much as it ever reads at fixed
places is put together, which costs a comparison for packets that are whole; a read at a place that
varies has the bytes up to there put together when it needs them. That moves the packet, so the
headers read before are found again, each at its distance from the start:

    b1: br (ule (add header, size), packet_end) b9 b2       inside the first piece
    b2: br (ule (add at, size), length) b3 b8
    b3: call "skb_pull_data" …                              and b9 with new addresses

Other programs cannot do so; they get copies, on the stack, of what they read.
"""

from __future__ import annotations

from kring.abi.contexts import SK_BUFF
from kring.decl.struct import Struct, sizeof
from kring.frontend import streams
from kring.frontend.builder import Builder, Join, number
from kring.frontend.frame import Frame
from kring.frontend.packets import (
    MAX_OFFSET,
    Ends,
    Found,
    Header,
    Reader,
    bounded,
    choose,
    ends,
    meet,
    met,
)
from kring.frontend.values import Maybe, Record, Ref, Val, moves
from kring.ir.core import Mem, Op, Value
from kring.record import replace
from kring.spelling import article

_LENGTH = Mem(SK_BUFF["len"].offset, 4)
_ALWAYS_WHOLE = 14
"""The Ethernet header is in the first piece of every packet that tc programs see."""


def begin(frame: Frame) -> None:
    """Have as much put together as the program reads at fixed places, or all if that is less."""
    b = frame.b
    if b.reach <= _ALWAYS_WHOLE:
        return
    start, end = ends(frame, b.context)
    length = b.load(b.context, _LENGTH)
    reach = b.const(b.reach)
    wanted = b.choose(b.emit(Op.ULE, length, reach), length, reach)
    pieces, ready = b.join(), b.join()
    first = b.emit(Op.ADD, start, wanted, type=start.type)
    b.branch(b.emit(Op.ULE, first, end), ready, pieces)
    b.enter(pieces)
    b.call("skb_pull_data", b.context, wanted)
    b.jump(ready)
    b.enter(ready)


def _pulled(frame: Frame, context: Value, at: Value, struct: type[Struct]) -> tuple[Value, Header]:
    """A header in the packet's own memory."""
    b, size = frame.b, sizeof(struct)
    found = ends(frame, context)
    fixed = at.op is Op.CONST
    if fixed and number(at) + size <= MAX_OFFSET:
        b.reach = max(b.reach, number(at) + size)

    def near() -> Found:
        here = bounded(b, found, at, size)
        return here if fixed else _or_pull(frame, context, at, size, here)

    inside, header = choose(b, at, size, found[0], near)
    return inside, lambda: Ref(header, struct, at=at)


def _or_pull(frame: Frame, context: Value, at: Value, size: int, here: Found) -> Found:
    """What was found, or what is found after all up to there was put together."""
    b = frame.b
    whole, rest, after = b.join(), b.join(), b.join()
    b.branch(here[0], whole, rest)
    b.enter(whole)
    meet(b, after, (b.const(1), here[1]))
    b.enter(rest)
    pull, beyond = b.join(), b.join()
    wanted = b.emit(Op.ADD, at, b.const(size))
    b.branch(b.emit(Op.ULE, wanted, b.load(context, _LENGTH)), pull, beyond)
    b.enter(beyond)
    meet(b, after, (b.const(0), here[1]))
    b.enter(pull)
    b.call("skb_pull_data", context, wanted)
    found = ends(frame, context)
    _find_again(b, found)
    meet(b, after, bounded(b, found, at, size))
    b.enter(after)
    return met(b)


def _find_again(b: Builder, found: Ends) -> None:
    """Give the variables that are headers their addresses in the packet that was moved.

    They are all there, but the verifier has to be shown; the path where one is not is never taken.
    """
    start, end = found
    sizes: dict[tuple[Value, Value], int] = {}
    for ref in (ref for val in b.env.values() if (ref := _header(val)) is not None):
        assert ref.at is not None
        key = ref.pointer, ref.at
        sizes[key] = max(sizes.get(key, 0), ref.offset + sizeof(ref.struct))
    moved: dict[Value, Value] = {}
    lost = b.join()
    for (pointer, at), size in sizes.items():
        moved[pointer] = b.emit(Op.ADD, start, at, type=start.type)
        there = b.join()
        b.branch(b.emit(Op.ULE, b.at(moved[pointer], size), end), there, lost)
        b.enter(there)
    for name, val in b.env.items():
        ref = _header(val)
        if ref is not None:
            new = replace(ref, pointer=moved[ref.pointer])
            b.env[name] = Maybe(val.present, new) if isinstance(val, Maybe) else new
    if lost.paths:
        _leave(b, lost)


def _leave(b: Builder, lost: Join) -> None:
    """End the program on a path that is never taken, and go on where it was left."""
    block, env, held = b.block, b.env, b.held
    b.enter(lost)
    for val in list(b.env.values()):
        if isinstance(val, Record) and val.token in b.held:
            streams.close(b, val, "discard")
    b.ret(b.const(0))
    b.block, b.env, b.held = block, env, held


def _header(val: Val) -> Ref | None:
    """The header that a variable holds, or may hold."""
    ref = val.inner if isinstance(val, Maybe) else val
    return ref if isinstance(ref, Ref) and moves(ref) else None


def _copied(frame: Frame, context: Value, at: Value, struct: type[Struct]) -> tuple[Value, Header]:
    """A copy of a header."""
    b, size = frame.b, sizeof(struct)
    memory, nowhere = b.stack(size), b.const(0)

    def near() -> Found:
        failed = b.call("skb_load_bytes", context, at, memory, b.const(size))
        return b.emit(Op.EQ, failed, b.const(0)), nowhere

    inside, _ = choose(b, at, size, nowhere, near)
    kind = frame.program.kind.name
    return inside, lambda: Ref(memory, struct, copied=f"the packet of {article(kind)} program")


READERS: dict[str, Reader] = {
    "tc": _pulled,
    "cgroup_skb": _copied,
    "socket_filter": _copied,
}
"""How programs of each kind read."""
