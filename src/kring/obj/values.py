"""A Python value as the bytes that memory of its type in BTF holds.

In: types, the id of one, and a value. Out: bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kring.btf.blob import Btf
from kring.btf.types import MAX_DEPTH, Array, Composite, Enum, Int, Member, Ptr, Type
from kring.errors import ObjectError
from kring.spelling import suggestion

_MOST: Final = 1 << 28
"""Bytes of one value; more are made up."""

Place = tuple[Member, int]


def to_bytes(btf: Btf, type_id: int, value: Any, what: str) -> bytes:
    """What memory of the type holds for a value: an int, a bool, text for characters, a sequence
    for an array, a dict or a Struct for a struct, or the bytes themselves.

    Raises: ObjectError if the value does not fit.
    """
    id = btf.strip(type_id)
    size = btf.size(id)
    if size > _MOST:
        raise ObjectError(f"{what} takes {size} bytes, which is too much")
    type = btf[id]
    given: Any = value
    if isinstance(value, bytes | bytearray):
        return _padded(bytes(value), size, what, fill=isinstance(type, Array))
    match type, value:
        case Int() | Enum() | Ptr(), int():
            return _integer(type, size, value, what)
        case Enum(values=values), str():
            numbers = dict(values)
            if value not in numbers:
                hint = suggestion(value, numbers) or f" It has: {', '.join(numbers)}"
                raise ObjectError(f"{what}: enum {type.name} has no {value!r}.{hint}")
            return _integer(type, size, numbers[value], what)
        case Array(type=element), str() if btf.size(element) == 1:
            return _padded(value.encode() + b"\0", size, what, fill=True)
        case Array(type=element, count=count), Sequence():
            return _elements(btf, element, count, given, what)
        case Composite(), Mapping():
            return _struct(btf, type, given, what)
        case Composite(), _ if packed := _packed(value):
            return _padded(packed, size, what, fill=False)
        case _:
            raise ObjectError(
                f"{what} is {_spelled(btf, id)}, for which {value!r} is no value: "
                f"{_WANTED[type.__class__]}"
            )


_WANTED: Final[dict[type[object], str]] = {
    Int: "give an int",
    Enum: "give the name of an enumerator, or an int",
    Ptr: "give an int",
    Array: "give a list, or bytes (text for characters)",
    Composite: "give a dict of its fields, a Struct, or bytes",
}


def _integer(type: Int | Enum | Ptr, size: int, value: int, what: str) -> bytes:
    boolean = isinstance(type, Int) and type.bool
    return _unsigned(type, 1 if boolean else size * 8, value, what).to_bytes(size, "little")


def _unsigned(type: Type, bits: int, value: int, what: str) -> int:
    """The unsigned number that so many bits hold for a value of a number's type."""
    signed = isinstance(type, Int | Enum) and type.signed
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise ObjectError(f"{what} holds {low} to {high}, and {value} does not fit")
    return value & (1 << bits) - 1


def _padded(data: bytes, size: int, what: str, fill: bool) -> bytes:
    if len(data) > size or (len(data) < size and not fill):
        raise ObjectError(f"{what} takes {size} bytes, and these are {len(data)}")
    return data.ljust(size, b"\0")


def _elements(btf: Btf, element: int, count: int, values: Sequence[Any], what: str) -> bytes:
    if len(values) > count:
        raise ObjectError(f"{what} has {count} elements, and these are {len(values)}")
    parts = [to_bytes(btf, element, one, f"{what}[{at}]") for at, one in enumerate(values)]
    return b"".join(parts).ljust(btf.size(element) * count, b"\0")


def _struct(btf: Btf, struct: Composite, values: Mapping[str, Any], what: str) -> bytes:
    """A struct of these fields; the others are zero."""
    number, left = 0, dict(values)
    names: list[str] = []
    for member, at in _members(btf, struct):
        names.append(member.name)
        if member.name in left:
            given, where = left.pop(member.name), f"{what}.{member.name}"
            if member.bitfield_size:
                part, width = _bits(btf, member, given, where), member.bitfield_size
            else:
                held = to_bytes(btf, member.type, given, where)
                part, width = int.from_bytes(held, "little"), 8 * len(held)
            number = number & ~((1 << width) - 1 << at) | part << at
    for name in left:
        raise ObjectError(f"{what} has no field {name!r}.{suggestion(name, names)}")
    return number.to_bytes(struct.size, "little")


def _members(btf: Btf, struct: Composite, base: int = 0, depth: int = 0) -> Iterator[Place]:
    """Members and the bits they begin at, those of unnamed structs inside among them."""
    for member in struct.members:
        inner = btf[btf.strip(member.type)]
        if member.name or not isinstance(inner, Composite):
            yield member, base + member.bit_offset
        elif depth < MAX_DEPTH:
            yield from _members(btf, inner, base + member.bit_offset, depth + 1)


def _bits(btf: Btf, member: Member, value: object, what: str) -> int:
    """A bit field's value as the unsigned number that it holds."""
    width = member.bitfield_size
    if not isinstance(value, int):
        raise ObjectError(f"{what} is a field of {width} bits, for which {value!r} is no value")
    return _unsigned(btf[btf.strip(member.type)], width, value, what)


def _packed(value: object) -> bytes:
    """The bytes of a `Struct`; none of anything else."""
    from kring.decl.struct import Struct, pack

    return pack(value) if isinstance(value, Struct) else b""


def _spelled(btf: Btf, id: int) -> str:
    from kring.obj.kfuncs import spell

    type = btf[id]
    if isinstance(type, Array):
        return f"an array of {type.count} {spell(btf, type.type)}"
    return f"`{spell(btf, id)}`"
