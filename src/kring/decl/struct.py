"""Records: one declaration gives the C layout in the kernel and the object in Python.

An instance is its bytes; each field is a property that decodes on demand, so reading one field
of a large record costs that field. Instances never change.
"""

from __future__ import annotations

import struct as packing
import sys
from collections.abc import Callable, Collection, Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from kring.decl.inside import only_inside
from kring.decl.types import (
    ArrayType,
    Bits,
    Char,
    Coded,
    DynamicStr,
    FieldType,
    IntType,
    annotated,
    array,
    bits,
    char,
    field_type,
)
from kring.errors import DeclarationError, NotSupported
from kring.record import record, replace

if TYPE_CHECKING:
    from kring.decl.kernel import KernelStruct


@record
class Field:
    """A field at `offset` bytes from the start; for a bit field, `shift` bits into its unit."""

    name: str
    type: FieldType
    offset: int
    size: int
    shift: int = 0


@record
class Layout:
    """C layout of a struct, in bytes."""

    size: int
    align: int
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass_transform(kw_only_default=True, field_specifiers=(char, array, bits))
class Struct:
    """Base of event records, map values and packet headers.

    The class has no public attributes of its own: `sizeof(Exec)`, `fields(Exec)` and
    `unpack(Exec, data)` are functions.
    """

    __slots__ = ("_kring_bytes",)
    _kring_layout: Layout
    _kring_bytes: bytes

    def __init_subclass__(cls) -> None:
        if "_kring_layout" not in cls.__dict__:
            frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
            cls._kring_layout = _lay_out(cls, {**frame.f_globals, **frame.f_locals})
        for field in cls._kring_layout.fields:
            reads = property(_READERS[type(field.type)](field))
            setattr(cls, field.name, reads)
            if iskeyword(field.name):
                setattr(cls, f"{field.name}_", reads)

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "_kring_bytes", _pack(type(self), values))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(type(self)))

    def __hash__(self) -> int:
        values: list[Any] = [getattr(self, field.name) for field in fields(type(self))]
        return hash(tuple(tuple(v) if type(v) in (list, bytearray) else v for v in values))

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(type(self)))
        return f"{type(self).__name__}({values})"


class Given(Struct):
    """Base of structs that are not declared: their layout is given by `laid_out`."""

    __slots__ = ()
    _kring_layout = Layout(0, 1, ())


S = TypeVar("S", bound=Struct)


def sizeof(cls: type[Struct | KernelStruct]) -> int:
    """Bytes of one record, padding included; of a kernel struct, as the kernel has it."""
    if not issubclass(cls, Struct):
        only_inside(f"sizeof({cls.__name__})")
    return layout(cls).size


def fields(cls: type[Struct]) -> tuple[Field, ...]:
    """The fields in order, with offsets and sizes in bytes."""
    return layout(cls).fields


def layout(cls: type[Struct]) -> Layout:
    """The C layout of a struct class."""
    return cls._kring_layout  # pyright: ignore[reportPrivateUsage]


def laid_out(name: str, layout: Layout) -> type[Struct]:
    """A struct class of any layout: fields may overlap, lie apart and be of types that C has.

    A field that is a keyword is an attribute with `_` behind it too.
    """
    return type(name, (Given,), {"__slots__": (), "_kring_layout": layout})


def as_text(cls: type[Struct], names: Collection[str]) -> type[Struct]:
    """The struct, whose arrays of bytes of some names are strings; itself if it has none such."""
    if not any(field.name in names for field in fields(cls)):
        return cls
    changed = tuple(
        replace(field, type=Char(field.size)) if field.name in names else field
        for field in fields(cls)
    )
    return laid_out(cls.__name__, replace(layout(cls), fields=changed))


def single(name: str, kind: FieldType) -> type[Struct]:
    """A struct of one field, `value`, for what holds one value and is no struct."""
    size, align = _size_align(Struct, name, kind)
    return laid_out(name, Layout(size, align, (Field("value", kind, 0, size),)))


def field_size(kind: FieldType) -> int:
    """Bytes of a field of the type."""
    return _size_align(Struct, "field", kind)[0]


def unpack(cls: type[S], data: bytes) -> S:
    """The record whose bytes are `data`; bytes beyond the struct's size are ignored.

    Raises: ValueError if `data` is shorter than the struct.
    """
    if len(data) < cls._kring_layout.size:  # pyright: ignore[reportPrivateUsage]
        raise ValueError(f"{cls.__name__} has {sizeof(cls)} bytes; the data has {len(data)}")
    record = _new(cls)
    record._kring_bytes = data  # pyright: ignore[reportPrivateUsage]
    return record


def pack(record: Struct) -> bytes:
    """The bytes of a record, as the kernel half lays it out."""
    return record._kring_bytes  # pyright: ignore[reportPrivateUsage]


def dtype_spec(cls: type[Struct]) -> dict[str, Any]:
    """What `numpy.dtype` takes to describe the struct.

    Raises: NotSupported for a struct with bit fields, which numpy cannot describe.
    """
    bit_fields = [field.name for field in fields(cls) if isinstance(field.type, Bits)]
    if bit_fields:
        raise NotSupported(
            f"{cls.__name__} has bit fields ({', '.join(bit_fields)}), and numpy columns are whole "
            "bytes: read its records one by one, or declare whole integers"
        )
    made = [(f.name, dtype_format(f.type), f.offset) for f in fields(cls)]
    listed = [row for row in made if row[1] is not None]
    names, formats, offsets = ([row[at] for row in listed] for at in range(3))
    return {"names": names, "formats": formats, "offsets": offsets, "itemsize": sizeof(cls)}


def dtype_format(kind: FieldType) -> Any:
    """What numpy takes for a field, None if it takes nothing."""
    return _FORMATS[type(kind)](kind)


def code(kind: IntType) -> str:
    """The `struct` format of an integer type."""
    letter = {1: "b", 2: "h", 4: "i", 8: "q"}[kind.size]
    return (">" if kind.big else "<") + (letter if kind.signed else letter.upper())


_new = object.__new__


def _lay_out(cls: type[Struct], namespace: dict[str, Any]) -> Layout:
    base = cls.__mro__[1].__dict__.get("_kring_layout")
    end_bits, largest = (base.size * 8, base.align) if base else (0, 1)
    placed: list[Field] = list(base.fields) if base else []
    for name, annotation, default in annotated(cls, namespace):
        kind = field_type(cls.__name__, name, annotation, default)
        size, align = _size_align(cls, name, kind)
        unit_bits = size * 8
        width = kind.width if isinstance(kind, Bits) else unit_bits
        fits = end_bits % unit_bits + width <= unit_bits and isinstance(kind, Bits)
        start_bits = end_bits if fits else _round_up(end_bits, align * 8)
        offset = start_bits // (align * 8) * align
        placed.append(Field(name, kind, offset, size, start_bits - offset * 8))
        end_bits = start_bits + width
        largest = max(largest, align)
    if not placed:
        raise DeclarationError(f"{cls.__name__} has no fields")
    return Layout(_round_up(end_bits, largest * 8) // 8, largest, tuple(placed))


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _size_align(cls: type[Struct], name: str, kind: FieldType) -> tuple[int, int]:
    match kind:
        case IntType():
            return kind.size, kind.size
        case Bits():
            return kind.unit.size, kind.unit.size
        case Char():
            return kind.size, 1
        case Coded():
            return kind.size, kind.align
        case ArrayType():
            element = kind.element
            return kind.size, element.size if isinstance(element, IntType) else layout(
                element
            ).align
        case DynamicStr():
            raise DeclarationError(
                f"{cls.__name__}.{name}: say how large it is: `{name}: str = char(16)`"
            )
        case _ if issubclass(kind, Struct):
            return layout(kind).size, layout(kind).align
        case _:
            raise DeclarationError(f"{cls.__name__}.{name}: {kind.__name__} is not a Struct")


Reader = Callable[[Struct], Any]


def _read_int(field: Field) -> Reader:
    assert isinstance(field.type, IntType)
    unpack_from, offset = packing.Struct(code(field.type)).unpack_from, field.offset
    return lambda record: unpack_from(record._kring_bytes, offset)[0]  # pyright: ignore[reportPrivateUsage]


def _read_bits(field: Field) -> Reader:
    kind, offset, size, shift = field.type, field.offset, field.size, field.shift
    assert isinstance(kind, Bits)
    mask, sign = (1 << kind.width) - 1, kind.unit.signed << (kind.width - 1)

    def read(record: Struct) -> int:
        unit = record._kring_bytes[offset : offset + size]  # pyright: ignore[reportPrivateUsage]
        return (((int.from_bytes(unit, "little") >> shift) & mask) ^ sign) - sign

    return read


def _read_char(field: Field) -> Reader:
    start, end = field.offset, field.offset + field.size

    def read(record: Struct) -> str:
        raw = record._kring_bytes[start:end]  # pyright: ignore[reportPrivateUsage]
        return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")

    return read


def _read_array(field: Field) -> Reader:
    kind, start, end = field.type, field.offset, field.offset + field.size
    assert isinstance(kind, ArrayType)
    decode = _array_decoder(kind)
    if decode is None:
        return lambda record: record._kring_bytes[start:end]  # pyright: ignore[reportPrivateUsage]
    return lambda record: decode(record._kring_bytes[start:end])  # pyright: ignore[reportPrivateUsage]


def _array_decoder(kind: ArrayType) -> Callable[[bytes], Any] | None:
    """What makes an array's value of its bytes; None if they are the value."""
    element, step = kind.element, kind.step
    if kind.is_bytes:
        return bytearray if kind.changes else None
    if isinstance(element, IntType):
        one = code(element)
        numbers = packing.Struct(f"{one[0]}{kind.count}{one[1]}").unpack
        return (lambda raw: list(numbers(raw))) if kind.changes else numbers
    made: Callable[[Any], Any] = list if kind.changes else tuple
    return (
        lambda raw: made(  # pyright: ignore[reportUnknownLambdaType]
            unpack(element, raw[i : i + step]) for i in range(0, len(raw), step)
        )
    )


def _read_coded(field: Field) -> Reader:
    kind, start = field.type, field.offset
    assert isinstance(kind, Coded)
    end, decode = (None if kind.rest else start + field.size), kind.decode
    return lambda record: decode(record._kring_bytes[start:end])  # pyright: ignore[reportPrivateUsage]


def _read_nested(field: Field) -> Reader:
    kind, start, end = field.type, field.offset, field.offset + field.size
    assert isinstance(kind, type)
    return lambda record: unpack(kind, record._kring_bytes[start:end])  # pyright: ignore[reportPrivateUsage]


_READERS: dict[type, Callable[[Field], Reader]] = {
    IntType: _read_int,
    Bits: _read_bits,
    Char: _read_char,
    ArrayType: _read_array,
    Coded: _read_coded,
    type: _read_nested,
}


def _pack(cls: type[Struct], values: dict[str, Any]) -> bytes:
    out = bytearray(sizeof(cls))
    for name, value in values.items():
        field = layout(cls).field(name)
        if field is None and iskeyword(name[:-1]):
            field = layout(cls).field(name[:-1])
        if field is None:
            known = ", ".join(field.name for field in fields(cls))
            raise TypeError(f"{cls.__name__} has no field {name!r}; it has: {known}")
        try:
            _pack_field(out, field, value)
        except packing.error:
            element = field.type.element if isinstance(field.type, ArrayType) else field.type
            assert isinstance(element, IntType)
            low, high = element.range()
            raise ValueError(
                f"{cls.__name__}.{name} = {value!r} does not fit: {low} to {high}"
            ) from None
    return bytes(out)


def _pack_field(out: bytearray, field: Field, value: Any) -> None:
    start, end = field.offset, field.offset + field.size
    match field.type:
        case IntType():
            packing.pack_into(code(field.type), out, start, value)
        case Bits(_, width):
            unit = int.from_bytes(out[start:end], "little") & ~(((1 << width) - 1) << field.shift)
            unit |= (value & ((1 << width) - 1)) << field.shift
            out[start:end] = unit.to_bytes(field.size, "little")
        case Char(size, whole=whole):
            raw = value.encode("utf-8", "surrogateescape")
            if whole and len(raw) > size:
                raise ValueError(f"{field.name}: {len(raw)} bytes of text do not fit in {size}")
            raw = raw[: size if whole else size - 1]
            out[start : start + len(raw)] = raw
        case Coded(encode=encode):
            out[start:end] = encode(value)
        case ArrayType(element, count):
            if len(value) > count:
                raise ValueError(f"{field.name}: {len(value)} elements do not fit in {count}")
            if isinstance(element, IntType):
                one = code(element)
                packing.pack_into(f"{one[0]}{len(value)}{one[1]}", out, start, *value)
            else:
                several = b"".join(packed(element, one) for one in value)
                out[start : start + len(several)] = several
        case DynamicStr():
            raise TypeError(f"{field.name} has no place of its own")
        case kind:
            out[start:end] = packed(kind, value)


def packed(kind: type[Struct], value: Any) -> bytes:
    """The bytes of a struct, given as one or as a dict of its fields; of a layout that the user
    did not declare, as another class of that size, or as the bytes.

    Raises: TypeError, ValueError.
    """
    given: Any = value
    if isinstance(value, kind):
        return pack(value)[: sizeof(kind)]
    if isinstance(value, Mapping):
        return _pack(kind, given)
    if issubclass(kind, Given):
        data = pack(value) if isinstance(value, Struct) else value
        if isinstance(data, bytes | bytearray) and len(data) == sizeof(kind):
            return bytes(data)
    raise TypeError(f"a {kind.__name__} is wanted, or a dict of its fields, and not {value!r}")


_FORMATS: dict[type, Callable[[Any], Any]] = {
    IntType: lambda kind: (
        code(kind).replace("b", "i1").replace("B", "u1")
        if kind.size == 1
        else f"{code(kind)[0]}{'i' if kind.signed else 'u'}{kind.size}"
    ),
    Char: lambda kind: f"S{kind.size}",
    Coded: lambda kind: kind.format(),
    Bits: lambda kind: None,
    ArrayType: lambda kind: (_FORMATS[type(kind.element)](kind.element), (kind.count,)),
    type: lambda kind: dtype_spec(kind),
}
