"""What a variable is where paths meet that bring different pointers, or a pointer and 0.

In:  the values that the paths bring, or their types.
Out: the type that serves for all: a pointer that may be null, memory of whatever kind, a bare
address; `Mixed`, which nobody may use, where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kring.frontend.values import Mixed
from kring.ir.core import BARE, I64, MEMORY, Space, Type, Value


def common(values: Sequence[Value], is_zero: Callable[[Value], bool]) -> Type | Mixed:
    """The type of what is one of several values, of which numbers may be known to be 0: among
    pointers that is null."""
    first = values[0].type
    if all(value.type is first or value.type == first for value in values):
        return first
    known = [value.type for value in values if value.type.space is not None or not is_zero(value)]
    return widest(known, len(known) < len(values))


def widest(types: Iterable[Type], null: bool = False) -> Type | Mixed:
    """The type of what is of one of several types, or null."""
    found = list(types)
    spaces = {type.space for type in found}
    null = null or any(type.nullable for type in found)
    if len(spaces) == 1:
        (space,) = spaces
        return Type(space, null and space is not None)
    if spaces <= MEMORY:
        return Type(Space.MEM, null)
    if spaces <= BARE:
        return I64
    one, other = [*dict.fromkeys(_WORDS[type.space] for type in found)][:2]
    return Mixed(one, other, plain=True)


_WORDS = {
    None: "a number",
    Space.CTX: "the context",
    Space.STACK: "a pointer into the stack",
    Space.MAP: "a map",
    Space.VALUE: "a pointer to a map's value",
    Space.RECORD: "a pointer to a record",
    Space.PACKET: "a pointer into the packet",
    Space.PACKET_END: "the end of the packet",
    Space.KERNEL: "an address of the kernel",
    Space.BTF: "a pointer to an object of the kernel",
    Space.USER: "an address of user space",
    Space.MEM: "a pointer to memory",
}
