"""Arrays in memory: their elements by index, compared as a whole, one by one in a loop.

An index is a constant, which may count from the end, or a number that is known to be inside: the
verifier must be able to follow it, and a program has no exceptions for one that is not.
"""

from __future__ import annotations

from typing import NoReturn

from kring.decl.types import IntType
from kring.frontend import ranges
from kring.frontend.builder import Builder, Join
from kring.frontend.copies import copy_bytes, holds_bytes, same_bytes
from kring.frontend.diagnose import refuse
from kring.frontend.memory import read, write
from kring.frontend.texts import copy_value
from kring.frontend.values import Items, Num, Static, Val, describe
from kring.ir.core import Op, Space, Span, Type
from kring.record import replace

_COPIED = 256
"""Bytes of an array that are copied out of a packet to be indexed."""


def element(b: Builder, items: Items, index: Num, spelled: str) -> Val:
    """An element's value; of a struct, a reference to it."""
    if items.pointer.type.space is Space.PACKET and ranges.constant(index) is None:
        items = _out_of_packet(b, items)
    found = locate(b, items, index, spelled)
    return read(b, found, found.offset, items.type.element)


def assign_element(b: Builder, items: Items, index: Num, val: Val, spelled: str, at: Span) -> None:
    """`items[index] = val`, where `val` stands `at`."""
    found = place(b, items, index, spelled)
    b.span = at
    write(b, found, found.offset, items.type.element, val, f"an element of {spelled}")


def place(b: Builder, items: Items, index: Num, spelled: str) -> Items:
    """The array from an element on, which is to be written."""
    if items.pointer.type.space is Space.PACKET and ranges.constant(index) is None:
        refuse(
            b.span,
            "the verifier follows no variable index into a packet that is written",
            "write each element at a constant index",
        )
    return locate(b, items, index, spelled)


def locate(b: Builder, items: Items, index: Num, spelled: str) -> Items:
    """The array from an element on."""
    count, step = items.type.count, items.type.step
    known = ranges.constant(index)
    if known is not None:
        if not -count <= known < count:
            refuse(
                b.span,
                f"index {known} is out of range: {spelled} has {count} elements, "
                f"0 to {count - 1} or, from the end, -1 to {-count}",
            )
        return replace(items, offset=items.offset + known % count * step)
    value = ranges.index(b, index, count)
    if value is None:
        _unbounded(b, index, count, spelled)
    distance = value if step == 1 else b.emit(Op.MUL, value, b.const(step))
    moved = b.emit(Op.ADD, items.pointer, distance, type=Type(items.pointer.type.space))
    return replace(items, pointer=moved)


def _unbounded(b: Builder, index: Num, count: int, spelled: str) -> NoReturn:
    low, high = ranges.Bounds(b).of(index)
    if not index.signed:
        low, high = max(low, 0), high if low >= 0 else (1 << 64) - 1
    cut = f"`i & {count - 1}`" if count & (count - 1) == 0 else f"`i % {count}`"
    test = f"if i < len({spelled}):" if low >= 0 else f"if 0 <= i < len({spelled}):"
    refuse(
        b.span,
        f"the verifier cannot bound this index: {spelled} has {count} elements, "
        f"and this may be {_shown(low)} to {_shown(high)}",
        f"test it first: `{test}`; or cut it to size: {cut}",
    )


def _shown(value: int) -> str:
    """A bound, in a form that can be read."""
    for power in (31, 32, 63, 64):
        if value in (1 << power, (1 << power) - 1):
            return f"2**{power}" + " - 1" * (value & 1)
        if value == -(1 << power):
            return f"-2**{power}"
    return str(value)


def _out_of_packet(b: Builder, items: Items) -> Items:
    """The array where a variable index can reach it: on the stack."""
    size = items.type.size
    if size > _COPIED:
        refuse(
            b.span,
            f"an array of {size} bytes in a packet has no variable index",
            f"read its elements at constant indexes; up to {_COPIED} bytes are copied out",
        )
    slot = b.stack(size)
    copy_bytes(b, slot, b.at(items.pointer, items.offset), size)
    return Items(slot, items.type, copied="what a variable index finds in a packet")


def walkable(b: Builder, items: Items) -> Items:
    """The array, where a loop can go over it."""
    return _out_of_packet(b, items) if items.pointer.type.space is Space.PACKET else items


# Whole arrays


def keep(b: Builder, items: Items) -> Items:
    """The array as a variable holds it: a copy of `bytes` or a tuple, which do not change; what
    is annotated `list` or `bytearray` itself, except for packets that may be moved."""
    size = items.type.size
    if items.type.changes and items.at is None and not items.copied:
        return items
    if size > _COPIED:
        refuse(
            b.span,
            f"a variable holds a copy, and an array of {size} bytes is too large for that",
            "use the field itself; or annotate it `list` or `bytearray`, which are not copied",
        )
    slot = b.stack(size)
    copy_value(b, slot, b.at(items.pointer, items.offset), items.type)
    return Items(slot, items.type, copied="an array in a variable")


def is_array(val: Val) -> bool:
    """Whether the value is an array, or bytes known now."""
    return isinstance(val, Items) or (isinstance(val, Static) and isinstance(val.object, bytes))


def equal(b: Builder, left: Val, right: Val, then: Join, otherwise: Join) -> None:
    """Go to `then` if two arrays hold the same, else to `otherwise`."""
    match left, right:
        case Static(one), Static(other):
            b.jump(then if one == other else otherwise)
        case Static(), Items():
            equal(b, right, left, then, otherwise)
        case Items(pointer, kind, offset), Static(bytes() as data) if len(data) == kind.count:
            holds_bytes(b, b.at(pointer, offset), kind.size, data, then, otherwise)
        case Items(pointer, kind, offset), Items(other, same, start) if kind.count == same.count:
            places = b.at(pointer, offset), b.at(other, start)
            same_bytes(b, *places, kind.size, then, otherwise)
        case _:
            b.jump(otherwise)


def check(b: Builder, left: Val, right: Val) -> None:
    """Refuse to compare arrays whose bytes do not tell whether they are the same."""
    kinds = [_ints(val) for val in (left, right)]
    if None in kinds or kinds[0] != kinds[1]:
        refuse(
            b.span,
            f"{describe(left)} and {describe(right)} cannot be compared",
            'compare arrays of one type of integers, arrays of u8 also with `b"…"`; '
            "others element by element",
        )


def _ints(val: Val) -> IntType | None:
    """The type of an array's integers, None if they are none."""
    element = val.type.element if isinstance(val, Items) else IntType(1)
    return element if isinstance(element, IntType) else None
