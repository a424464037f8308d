"""Types that C has and declarations have not: how their bytes become values, and back.

In: what BTF says of one. Out: a `Coded`.
"""

from __future__ import annotations

import struct as packing
from collections.abc import Sequence
from typing import Any, Final

from kring.decl.struct import dtype_format, layout, pack, single, sizeof, unpack
from kring.decl.types import Coded, FieldType
from kring.spelling import suggestion

_FLOATS: Final = {2: "<e", 4: "<f", 8: "<d"}


class Enumerator(int):
    """A number that C has a `name` for; one without has its digits as name."""

    name: str

    def __new__(cls, value: int, name: str) -> Enumerator:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __repr__(self) -> str:
        return self.name

    __str__ = int.__repr__


def raw(size: int, name: str = "bytes") -> Coded:
    """Bytes of which nothing more is known."""

    def encode(value: Any) -> bytes:
        data = bytes(memoryview(value))
        if len(data) != size:
            raise ValueError(f"{size} bytes are wanted, and these are {len(data)}")
        return data

    return Coded(name, size, 1, bytes, encode, lambda: f"V{size}" if size else None)


def integer_type(
    name: str, size: int, signed: bool, bits: int = 0, shift: int = 0, align: int = 0
) -> Coded:
    """An integer of any size, or of `bits` of its bytes from bit `shift`."""
    width = bits or size * 8
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if signed else (0, (1 << width) - 1)
    mask, sign = (1 << width) - 1, signed << (width - 1)

    def decode(data: bytes) -> int:
        return (((int.from_bytes(data, "little") >> shift) & mask) ^ sign) - sign

    def encode(value: Any) -> bytes:
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is no integer")
        if not low <= value <= high:
            raise ValueError(f"{value} does not fit: {low} to {high}")
        return ((value & mask) << shift).to_bytes(size, "little")

    return Coded(name, size, align or min(size, 16), decode, encode, lambda: f"V{size}")


def bool_type(size: int) -> Coded:
    """C's `_Bool`: anything but 0 is true."""

    def encode(value: Any) -> bytes:
        if value not in (0, 1):
            raise ValueError(f"{value!r} is neither True nor False")
        return int(value).to_bytes(size, "little")

    return Coded("bool", size, size, any, encode, lambda: "?" if size == 1 else f"<u{size}")


def float_type(name: str, size: int) -> Coded:
    """A floating point number; of a size that Python has not, its bytes."""
    form = _FLOATS.get(size)
    if form is None:
        return raw(size, name)
    pattern = packing.Struct(form)

    def encode(value: Any) -> bytes:
        try:
            return pattern.pack(value)
        except (packing.error, OverflowError):
            raise ValueError(f"{value!r} is no {name or 'float'} of {size} bytes") from None

    def decode(data: bytes) -> float:
        number: float = pattern.unpack(data)[0]
        return number

    return Coded(name, size, size, decode, encode, lambda: f"<f{size}")


def enum_type(name: str, size: int, signed: bool, values: Sequence[tuple[str, int]]) -> Coded:
    """A number that shows its name; written as that, or as a number."""
    plain = integer_type(name, size, signed)
    by_name = dict(values)
    # Of several names for one number the first counts, as in C's own debuggers.
    known = {value: Enumerator(value, one) for one, value in reversed(values)}

    def decode(data: bytes) -> Enumerator:
        value: int = plain.decode(data)
        return known[value] if value in known else Enumerator(value, str(value))

    def encode(value: Any) -> bytes:
        if isinstance(value, str):
            if value not in by_name:
                hint = suggestion(value, by_name) or f" It has: {', '.join(by_name)}"
                raise ValueError(f"enum {name} has no {value!r}.{hint}")
            value = by_name[value]
        return plain.encode(value)

    form = f"<{'i' if signed else 'u'}{size}"
    return Coded(f"enum {name}".strip(), size, size, decode, encode, lambda: form)


def elements(kind: FieldType, count: int, rest: bool = False) -> Coded:
    """`count` values in a row, as a tuple; all that follow if it takes the `rest`."""
    one: Any = single("element", kind)
    size = sizeof(one)
    total = size * count

    def decode(data: bytes) -> tuple[Any, ...]:
        places = range(0, len(data) - size + 1, size) if size else ()
        return tuple(unpack(one, data[at : at + size]).value for at in places)

    def encode(values: Any) -> bytes:
        several: Any = values
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise TypeError(f"{values!r} is no sequence of {count} elements")
        return _filled(b"".join(pack(one(value=value)) for value in several), total)

    def form() -> Any:
        one = dtype_format(kind)
        return (one, (count,)) if one is not None and count else None

    name = f"{kind}[{count or ''}]"
    return Coded(name, total, layout(one).align, decode, encode, form, rest)


def tail(text: bool) -> Coded:
    """All bytes that follow a struct's own: as text up to the NUL, or as they are."""

    def decode(data: bytes) -> str:
        return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")

    def encode(value: Any) -> bytes:
        return _filled(value.encode() if text else value, 0)

    name = "char[]" if text else "bytes"
    return Coded(name, 0, 1, decode if text else bytes, encode, rest=True)


def _filled(data: bytes, size: int) -> bytes:
    if len(data) > size:
        raise ValueError(f"{len(data)} bytes do not fit in {size}")
    return data.ljust(size, b"\0")
