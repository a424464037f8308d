"""Strings: copied into fields, kept in variables, compared.

A string is what the user half would read: the bytes up to the first NUL, or all there is room for.
What stands behind the NUL is unspecified, except in the program's own structs on the stack. Those
may become keys of maps, which are compared by every byte, so there it is zero.
"""

from __future__ import annotations

from collections.abc import Iterator

from kring.abi.uapi import COMM_SIZE
from kring.decl.struct import layout
from kring.decl.types import ArrayType, Char, FieldType
from kring.frontend.builder import Builder, Join
from kring.frontend.copies import copy_bytes, holds_bytes, pieces, store_bytes, zero_bytes
from kring.frontend.diagnose import refuse
from kring.frontend.values import Num, Text
from kring.ir.core import Mem, Op, Space, Type, Value

_COPY_LIMIT = 64
"""Bytes up to which a string is copied whole; beyond, only up to its NUL, by a helper."""
_KEPT = 256
"""Bytes up to which a variable holds a copy: half of the stack."""


def encoded(literal: str) -> bytes:
    """The bytes of a string of the program itself."""
    return literal.encode("utf-8", "surrogateescape")


# Copying


def copy_text(b: Builder, target: Value, kind: Char, text: Text) -> None:
    """Copy a string, cut to the destination and ended by a NUL."""
    size, own = kind.size, target.type.space is Space.STACK
    clear = kind.clear or own
    match text:
        case Text("literal"):
            raw = encoded(text.literal)[: size - 1]
            store_bytes(b, target, raw + b"\0")
            _clear(b, target, len(raw) + 1, kind)
        case Text("memory", Value() as source, room) if _whole(source, room, size, clear):
            copy_bytes(b, target, source, room)
            if source.type.space is Space.PACKET:
                b.store(target, Mem(min(room, size - 1), 1), b.const(0))
            _clear(b, target, room, kind)
        case _ if target.type.space is Space.PACKET:
            # No helper writes to packets.
            slot = b.stack(size)
            copy_text(b, slot, kind, text)
            copy_bytes(b, target, slot, size)
        case Text("comm"):
            b.call("get_current_comm", target, b.const(size))
        case Text("memory", Value() as source, room) if source.type.space is Space.PACKET:
            copy_text(b, target, kind, _ended(b, text))
        case _:
            _clear(b, target, 0, kind)
            _probe(b, target, min(size, text.size) if text.size else size, text)


def _ended(b: Builder, text: Text) -> Text:
    """A string of a packet, which may have no NUL, on the stack, where it has one; what stands
    behind it is the packet's."""
    assert text.address is not None
    slot = b.stack(text.size + 1)
    copy_bytes(b, slot, text.address, text.size)
    b.store(slot, Mem(text.size, 1), b.const(0))
    return Text("raw", slot, text.size + 1)


def _whole(source: Value, room: int, size: int, clear: bool) -> bool:
    """Whether all bytes of a field can be copied as they are."""
    clean = source.type.space is Space.STACK or not clear
    return clean and room <= min(size, _COPY_LIMIT)


def _clear(b: Builder, target: Value, start: int, kind: Char) -> None:
    """Zero what follows the first bytes of a field, where somebody may look at it."""
    size = kind.size - start
    if size <= 0:
        return
    if target.type.space is Space.STACK:
        zero_bytes(b, b.at(target, start), size)
    elif kind.clear:
        # Zeros that are stored stay, in records too, where readers stop at the NUL.
        store_bytes(b, b.at(target, start), bytes(size))


def _probe(b: Builder, target: Value, size: int, text: Text) -> Value:
    """Copy a string up to its NUL, at most `size` bytes with it; the result is how many."""
    helper = "probe_read_user_str" if text.kind == "user" else "probe_read_kernel_str"
    source = address(b, text)
    return b.call(helper, target, b.const(size), source)


def address(b: Builder, text: Text) -> Value:
    """Where a string stands that is in memory of any kind."""
    assert text.address is not None
    if text.kind != "dynamic":
        return text.address
    place = b.load(text.address, Mem(0, 2, core=text.core))
    return b.emit(Op.ADD, text.address, place, type=text.address.type)


def copy_value(b: Builder, target: Value, source: Value, kind: ArrayType | type) -> None:
    """Copy a struct or an array; on the stack, its strings with zeros behind their NUL."""
    size = kind.size if isinstance(kind, ArrayType) else layout(kind).size
    done = 0
    if target.type.space is Space.STACK and source.type.space is not Space.STACK:
        for offset, string in strings(kind):
            copy_bytes(b, b.at(target, done), b.at(source, done), offset - done)
            text = Text("memory", b.at(source, offset), string.size)
            copy_text(b, b.at(target, offset), string, text)
            done = offset + string.size
    copy_bytes(b, b.at(target, done), b.at(source, done), size - done)


def strings(kind: FieldType, at: int = 0) -> Iterator[tuple[int, Char]]:
    """Offset and type of each string inside that may have something behind its NUL."""
    match kind:
        case Char():
            if not kind.clear:
                yield at, kind
        case ArrayType(element, count):
            for index in range(0 if not isinstance(element, type) else count):
                yield from strings(element, at + index * kind.step)
        case type():
            for field in layout(kind).fields:
                yield from strings(field.type, at + field.offset)
        case _:
            return


# Keeping


def keep(b: Builder, text: Text) -> Text:
    """The string as a variable holds it: a copy of what may change, or of what must be asked
    for; what the kernel or a process holds is read where it is used."""
    match text:
        case Text("comm"):
            return in_memory(b, text, COMM_SIZE)
        case Text("memory", Value() as source, size):
            size += source.type.space is Space.PACKET
            if size > _KEPT:
                refuse(
                    b.span,
                    f"a variable holds a copy, and a string of {size} bytes is too large for that",
                    f"use the field itself where the string is needed; {_KEPT} bytes are kept",
                )
            slot = b.stack(size)
            copy_text(b, slot, Char(size), text)
            return Text("memory", slot, size)
        case _:
            return text


def in_memory(b: Builder, text: Text, room: int) -> Text:
    """The string where the program can look at its bytes, as much of it as `room` bytes hold."""
    if text.kind == "memory":
        return text
    if text.kind == "comm":
        slot = b.stack(COMM_SIZE)
        b.call("get_current_comm", slot, b.const(COMM_SIZE))
        return Text("memory", slot, COMM_SIZE)
    room = min(room, text.size + 1) if text.size else room
    slot = b.stack(room)
    _probe(b, slot, room, text)
    return Text("memory", slot, room)


# Comparing


def equal(b: Builder, left: Text, right: Text, then: Join, otherwise: Join) -> None:
    """Go to `then` if two strings are the same, else to `otherwise`."""
    if left.kind == "literal":
        left, right = right, left
    if right.kind != "literal":
        _equal(b, left, right, then, otherwise)
    elif left.kind == "literal":
        b.jump(then if left.literal == right.literal else otherwise)
    elif "\0" in right.literal:
        b.jump(otherwise)
    else:
        raw = encoded(right.literal)
        # A string that is cut must not look like one that ends there.
        found = in_memory(b, left, len(raw) + 2)
        ended = raw + b"\0" if len(raw) < found.size else raw
        _begins(b, found, ended, then, otherwise)


def begins(b: Builder, text: Text, prefix: Text, then: Join, otherwise: Join) -> None:
    """Go to `then` if the string begins with a prefix known now, else to `otherwise`."""
    raw = encoded(prefix.literal)
    if text.kind == "literal":
        b.jump(then if text.literal.startswith(prefix.literal) else otherwise)
    elif "\0" in prefix.literal:
        b.jump(otherwise)
    else:
        _begins(b, in_memory(b, text, len(raw) + 1), raw, then, otherwise)


def _begins(b: Builder, text: Text, raw: bytes, then: Join, otherwise: Join) -> None:
    """Compare the first bytes."""
    assert text.address is not None
    if len(raw) > text.size:
        b.jump(otherwise)
    else:
        holds_bytes(b, text.address, text.size, raw, then, otherwise)


_AT = "<at>"
"""A variable no source can name, that counts the bytes compared."""


def _equal(b: Builder, left: Text, right: Text, then: Join, otherwise: Join) -> None:
    """Compare byte by byte, up to a NUL in both or the end of the shorter place."""
    rooms = [COMM_SIZE if text.kind == "comm" else text.size for text in (left, right)]
    if not any(rooms):
        refuse(
            b.span,
            "neither string has a known length to compare",
            "assign one of them to a field first, and compare that",
        )
    room = min(filter(None, rooms))
    short, long = sorted(
        (_walkable(b, text, room + 2) for text in (left, right)), key=lambda text: text.size
    )
    assert short.address is not None
    assert long.address is not None
    b.env[_AT] = Num(b.const(0))
    loop = b.loop(b.span, [_AT])
    at = b.env.pop(_AT)
    assert isinstance(at, Num)
    body, done, same, more = b.join(), b.join(), b.join(), b.join()
    b.branch(b.emit(Op.ULT, at.value, b.const(short.size)), body, done)
    b.enter(body)
    one, other = (
        b.load(b.emit(Op.ADD, place, at.value, type=Type(place.type.space)), Mem(0, 1))
        for place in (short.address, long.address)
    )
    b.branch(b.emit(Op.EQ, one, other), same, otherwise)
    b.enter(same)
    b.branch(one, more, then)
    b.enter(more)
    b.env[_AT] = Num(b.emit(Op.ADD, at.value, b.const(1)))
    b.again(loop)
    b.enter(done)
    if long.size > short.size:
        b.branch(b.load(long.address, Mem(short.size, 1)), otherwise, then)
    else:
        b.jump(then)


def _walkable(b: Builder, text: Text, room: int) -> Text:
    """The string in memory that takes a variable index, which packets do not."""
    found = in_memory(b, text, room)
    assert found.address is not None
    if found.address.type.space is not Space.PACKET:
        return found
    slot = b.stack(found.size)
    for offset, width in pieces(found.size, slot, found.address):
        b.store(slot, Mem(offset, width), b.load(found.address, Mem(offset, width)))
    return Text("memory", slot, found.size)
