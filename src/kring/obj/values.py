"""A Python value as the bytes that memory of its type in BTF holds.

In: types, the id of one, and a value. Out: bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kring.btf.blob import Btf
from kring.btf.types import Array, Composite, Enum, Int, Ptr
from kring.errors import ObjectError
from kring.spelling import suggestion

_MOST: Final = 1 << 28
"""Bytes of one value; more are made up."""


def to_bytes(btf: Btf, type_id: int, value: Any, what: str) -> bytes:
    """What memory of the type holds for a value: an int, a bool, text for characters, a sequence
    for an array, a dict or a Struct for a struct, or the bytes themselves.

    Raises: ObjectError if the value does not fit.
    """
    id = btf.strip(type_id)
    size = btf.size(id)
    if size > _MOST:
        raise ObjectError(f"{what} takes {size} bytes, which cannot be")
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
    signed = not isinstance(type, Ptr) and type.signed
    boolean = isinstance(type, Int) and type.bool
    bits = 1 if boolean else size * 8
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise ObjectError(f"{what} holds {low} to {high}, and {value} does not fit")
    return int(value).to_bytes(size, "little", signed=signed)


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
    data = bytearray(struct.size)
    left = dict(values)
    for member in struct.members:
        if member.name in left:
            if member.bitfield_size or member.bit_offset % 8:
                raise ObjectError(f"{what}.{member.name} is a bit field: give the struct as bytes")
            part = to_bytes(btf, member.type, left.pop(member.name), f"{what}.{member.name}")
            at = member.bit_offset // 8
            data[at : at + len(part)] = part
    if left:
        (name, *_), names = left, [member.name for member in struct.members]
        raise ObjectError(f"{what} has no field {name!r}.{suggestion(name, names)}")
    return bytes(data)


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
