"""Packets inside programs: headers read at a cursor, and what of the context says where they lie.

The cursor is a number of bytes from the packet's start, a variable that no source can name, so
that paths and loops carry it like any other. A read bounds it, adds it to the packet's start and
compares the header's end with the packet's, in the form that the verifier follows:

    b1: br (ule cursor, 0xffff - size) b2 b9        where the cursor is no constant
    b2: header = add packet, cursor; br (ule (add header, size), packet_end) b3 b9
    b3: load header [+12 u16]
"""

from __future__ import annotations

from collections.abc import Callable

from kring.decl.packets import Xdp
from kring.decl.struct import Struct, sizeof
from kring.decl.types import int_type
from kring.frontend.builder import CURSOR, Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.frame import Frame, Pending
from kring.frontend.values import Ctx, Num, Packet, Ref, Static, Val, describe
from kring.ir.core import Mem, Op, Space, Span, Type, Value

MAX_OFFSET = 0xFFFF
"""How far into a packet the verifier follows a variable distance (MAX_PACKET_OFF)."""

_EXHAUSTED = MAX_OFFSET + 1
"""A cursor that no read and no skip brings back."""

# struct xdp_md: u32 data, data_end, data_meta, ingress_ifindex, …
_DATA, _DATA_END, _IFINDEX = 0, 4, 12


def xdp_field(b: Builder, ctx: Ctx, name: str, span: Span) -> Val:
    """A field of the context of an XDP program."""
    match name:
        case "packet":
            return Packet(ctx.pointer)
        case "ifindex":
            return Num(b.load(ctx.pointer, Mem(_IFINDEX, 4)))
        case _:
            known = list(Xdp.__annotations__)
            refuse(span, f"Xdp has no field {name!r}. {did_you_mean(name, known)}")


def begin(b: Builder) -> None:
    """Put the cursor at the packet's start."""
    b.env[CURSOR] = Num(b.const(0))


def length(b: Builder, packet: Packet) -> Num:
    """Bytes of the whole packet."""
    start, end = _ends(b, packet)
    return Num(b.emit(Op.SUB, end, start))


def method(frame: Frame, packet: Packet, name: str, args: list[Val], span: Span) -> Val | Pending:
    """`packet.read(Header)` or `packet.skip(n)`."""
    if name not in _METHODS:
        refuse(span, f"a packet has no {name}(). {did_you_mean(name, list(_METHODS))}")
    if len(args) != 1:
        refuse(span, f"{name}() takes 1 argument, not {len(args)}")
    return _METHODS[name](frame, packet, args[0], span)


def _read(frame: Frame, packet: Packet, what: Val, span: Span) -> Pending:
    match what:
        case Static(type() as struct) if issubclass(struct, Struct):
            size = sizeof(struct)
        case _:
            refuse(
                span,
                f"read() takes a class derived from Struct; this is {_described(what)}",
                "declare the header: `class Udp(Struct):` with its fields, `be16` and so on",
            )
    b = frame.b
    at = _cursor(b)
    start, end = _ends(b, packet)
    inside, header = _bounded(b, at, size, start, end)

    def take() -> Ref:
        b.env[CURSOR] = Num(b.emit(Op.ADD, at, b.const(size)))
        return Ref(header, struct)

    return Pending(inside, take)


def _described(what: Val) -> str:
    kind = int_type(what.object) if isinstance(what, Static) else None
    return describe(what) if kind is None else f"the integer type {kind.name}"


def _bounded(b: Builder, at: Value, size: int, start: Value, end: Value) -> tuple[Value, Value]:
    """Whether `size` bytes at the cursor are inside the packet, and their address."""
    near, far, after = b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULE, at, b.const(MAX_OFFSET - size)), near, far)
    b.enter(near)
    header = b.emit(Op.ADD, start, at, type=start.type)
    b.env[_INSIDE] = Num(b.emit(Op.ULE, b.at(header, size), end))
    b.env[_HEADER] = Num(header)
    b.jump(after)
    b.enter(far)
    b.env[_INSIDE] = Num(b.const(0))
    b.env[_HEADER] = Num(start)
    b.jump(after)
    b.enter(after)
    inside, header = (b.env.pop(name) for name in (_INSIDE, _HEADER))
    assert isinstance(inside, Num)
    assert isinstance(header, Num)
    return inside.value, header.value


_INSIDE, _HEADER = "<inside>", "<header>"
"""Variables no source can name, for what two paths bring to one place."""


def _skip(frame: Frame, packet: Packet, what: Val, span: Span) -> Num:
    """Move the cursor; distances are compared unsigned, so that negative ones are too long."""
    b = frame.b
    distance = frame.number(what, span).value
    moves, leaves, after = b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULE, distance, b.const(MAX_OFFSET)), moves, leaves)
    b.enter(moves)
    if b.block is not None:
        b.env[CURSOR] = Num(b.emit(Op.ADD, _cursor(b), distance))
    b.jump(after)
    b.enter(leaves)
    if b.block is not None:
        b.env[CURSOR] = Num(b.const(_EXHAUSTED))
    b.jump(after)
    b.enter(after)
    return Num(b.emit(Op.ULE, _cursor(b), length(b, packet).value))


def _cursor(b: Builder) -> Value:
    at = b.env[CURSOR]
    assert isinstance(at, Num)
    return at.value


def _ends(b: Builder, packet: Packet) -> tuple[Value, Value]:
    """The packet's first byte, and the end of its last."""
    start = b.load(packet.pointer, Mem(_DATA, 4), Type(Space.PACKET))
    return start, b.load(packet.pointer, Mem(_DATA_END, 4), Type(Space.PACKET_END))


_METHODS: dict[str, Callable[[Frame, Packet, Val, Span], Val | Pending]] = {
    "read": _read,
    "skip": _skip,
}
