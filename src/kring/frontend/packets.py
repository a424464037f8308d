"""Packets inside programs: headers read at a cursor, and what of the context says where they lie.

The cursor is a number of bytes from the packet's start, a variable that no source can name, so
that paths and loops carry it like any other. A read bounds it, adds it to the packet's start and
compares the header's end with the packet's, in the form that the verifier follows:

    b1: br (ule cursor, 0xffff - size) b2 b9        where the cursor is no constant
    b2: header = add packet, cursor; br (ule (add header, size), packet_end) b3 b9
    b3: load header [+12 u16]

That is how xdp programs read. The packets of other kinds may be in pieces: see `pieces`.
"""

from __future__ import annotations

from collections.abc import Callable

from kring.abi.contexts import SK_BUFF, XDP_MD
from kring.decl.struct import Struct, sizeof
from kring.decl.types import int_type
from kring.frontend.builder import CURSOR, Builder, Join
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.frame import Frame, Pending
from kring.frontend.values import Num, Packet, Ref, Static, Val, describe
from kring.ir.core import Mem, Op, Space, Span, Type, Value

MAX_OFFSET = 0xFFFF
"""How far into a packet the verifier follows a variable distance (MAX_PACKET_OFF)."""

_EXHAUSTED = MAX_OFFSET + 1
"""A cursor that no read and no skip brings back."""

Ends = tuple[Value, Value]
"""The packet's first byte, and the end of its last."""
Found = tuple[Value, Value]
"""Whether a header is inside the packet, and its address."""
Header = Callable[[], Ref]
"""The header that was read, once it is known to be inside."""
Reader = Callable[[Frame, Value, Value, type[Struct]], tuple[Value, Header]]
"""Whether a header at a distance from the start is inside the packet of a context, and it."""


def begin(frame: Frame) -> None:
    """Put the cursor at the packet's start."""
    frame.b.env[CURSOR] = Num(frame.b.const(0))
    if frame.program.kind.name == "tc":
        from kring.frontend import pieces

        pieces.begin(frame)


def length(frame: Frame, packet: Packet) -> Num:
    """Bytes of the whole packet."""
    b = frame.b
    if frame.program.kind.context == "skb":
        return Num(b.load(packet.pointer, Mem(SK_BUFF["len"].offset, 4)))
    start, end = ends(frame, packet.pointer)
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
            pass
        case _:
            refuse(
                span,
                f"read() takes a class derived from Struct; this is {_described(what)}",
                "declare the header: `class Udp(Struct):` with its fields, `be16` and so on",
            )
    b = frame.b
    at = cursor(b)
    inside, header = _reader(frame.program.kind.name)(frame, packet.pointer, at, struct)

    def take() -> Ref:
        b.env[CURSOR] = Num(b.emit(Op.ADD, at, b.const(sizeof(struct))))
        return header()

    return Pending(inside, take)


def _described(what: Val) -> str:
    kind = int_type(what.object) if isinstance(what, Static) else None
    return describe(what) if kind is None else f"the integer type {kind.name}"


def _reader(kind: str) -> Reader:
    if kind == "xdp":
        return _direct
    from kring.frontend import pieces

    return pieces.READERS[kind]


def _direct(frame: Frame, context: Value, at: Value, struct: type[Struct]) -> tuple[Value, Header]:
    found, size = ends(frame, context), sizeof(struct)
    inside, header = choose(frame.b, at, size, found[0], lambda: bounded(frame.b, found, at, size))
    return inside, lambda: Ref(header, struct)


def choose(b: Builder, at: Value, size: int, start: Value, near: Callable[[], Found]) -> Found:
    """What `near` finds, if `size` bytes at the distance are where the verifier follows; `start`
    stands for the address where they are not."""
    follows, far, after = b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULE, at, b.const(MAX_OFFSET - size)), follows, far)
    b.enter(follows)
    if b.block is not None:
        meet(b, after, near())
    b.enter(far)
    if b.block is not None:
        meet(b, after, (b.const(0), start))
    b.enter(after)
    return met(b)


def meet(b: Builder, join: Join, found: Found) -> None:
    """Go to where paths with different findings meet."""
    b.env[_INSIDE], b.env[_HEADER] = Num(found[0]), Num(found[1])
    b.jump(join)


def met(b: Builder) -> Found:
    """What the paths that met here have found."""
    inside, header = (b.env.pop(name) for name in (_INSIDE, _HEADER))
    assert isinstance(inside, Num)
    assert isinstance(header, Num)
    return inside.value, header.value


_INSIDE, _HEADER = "<inside>", "<header>"
"""Variables no source can name, for what two paths bring to one place."""


def bounded(b: Builder, found: Ends, at: Value, size: int) -> Found:
    """Whether `size` bytes at a distance are inside the packet, and their address."""
    start, end = found
    header = b.emit(Op.ADD, start, at, type=start.type)
    return b.emit(Op.ULE, b.at(header, size), end), header


def _skip(frame: Frame, packet: Packet, what: Val, span: Span) -> Num:
    """Move the cursor; distances are compared unsigned, so that negative ones are too long."""
    b = frame.b
    distance = frame.number(what, span).value
    moves, leaves, after = b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULE, distance, b.const(MAX_OFFSET)), moves, leaves)
    b.enter(moves)
    if b.block is not None:
        b.env[CURSOR] = Num(b.emit(Op.ADD, cursor(b), distance))
    b.jump(after)
    b.enter(leaves)
    if b.block is not None:
        b.env[CURSOR] = Num(b.const(_EXHAUSTED))
    b.jump(after)
    b.enter(after)
    return Num(b.emit(Op.ULE, cursor(b), length(frame, packet).value))


def cursor(b: Builder) -> Value:
    """How far into the packet reading has come."""
    at = b.env[CURSOR]
    assert isinstance(at, Num)
    return at.value


def ends(frame: Frame, context: Value) -> Ends:
    """The packet's first byte, and the end of its last, or of its first piece."""
    fields = XDP_MD if frame.program.kind.context == "xdp" else SK_BUFF
    start = frame.b.load(context, Mem(fields["data"].offset, 4), Type(Space.PACKET))
    return start, frame.b.load(context, Mem(fields["data_end"].offset, 4), Type(Space.PACKET_END))


_METHODS: dict[str, Callable[[Frame, Packet, Val, Span], Val | Pending]] = {
    "read": _read,
    "skip": _skip,
}
