"""Types of an object from elsewhere, as declarations: what its BTF says becomes `Struct` classes.

In: BTF and the id of a type. Out: `struct_of`, a class of any C layout, and `field_type_of`, what a
key, a value or a variable holds. Nothing is read that was not asked for, and each type once.

    char[16]            str             unsigned char[6]   bytes
    enum, enum64        an int that shows its name          pointer   an int
    struct, union       a Struct; unnamed ones inside give their fields to the one around them
    T[0], the last      what follows the struct's own bytes

Raises: ObjectError for types that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.btf.blob import Btf
from kring.btf.types import (
    MAX_DEPTH,
    Array,
    Composite,
    DataSec,
    Enum,
    Float,
    Int,
    Kind,
    Member,
    Modifier,
    Ptr,
    Type,
    Var,
)
from kring.decl.coded import bool_type, elements, enum_type, float_type, integer_type, tail
from kring.decl.struct import Field, Layout, Struct, laid_out, layout, sizeof
from kring.decl.types import ArrayType, Bits, Char, Coded, DynamicStr, FieldType, IntType
from kring.errors import ObjectError
from kring.record import replace

_MOST: Final = 1 << 28
"""Bytes of one value; more are made up."""
_MOST_FIELDS: Final = 1 << 13
"""Of one struct with all in it. More are structs that twice have one that twice has one, and on,
all in the same few bytes."""
_PLAIN_SIZES: Final = (1, 2, 4, 8)
_SIZES: Final[dict[type[object], tuple[int, ...]]] = {
    Int: (1, 2, 4, 8, 16),
    Enum: _PLAIN_SIZES,
    Float: (2, 4, 8, 12, 16),
}
_NETWORK: Final = {"__be16": 2, "__be32": 4, "__be64": 8}
_RESERVED: Final = "_kring"


def struct_of(btf: Btf, id: int) -> type[Struct]:
    """The class of a struct or union, or of the variables of a section; the same each time."""
    return _Types(btf).struct(id)


def field_type_of(btf: Btf, id: int) -> FieldType:
    """What memory of a type holds."""
    return _Types(btf).field_type(id)


class _Types:
    """Types of one blob, made in one go. Classes, and how many fields each has with all in it, are
    kept for as long as the blob is, and it as long as any of the classes."""

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.structs: dict[int, type[Struct]] = btf.made.setdefault("structs", {})
        self.counts: dict[int, int] = btf.made.setdefault("counts", {})
        self.types: dict[int, FieldType] = {}
        self.inner: dict[int, tuple[Field, ...]] = {}
        self.begun: list[int] = []

    def struct(self, id: int, name: str = "") -> type[Struct]:
        of = self._plain(id)[0]
        if of not in self.structs:
            type = self.btf[of]
            if not isinstance(type, Composite | DataSec):
                raise ObjectError(f"{self.btf.where}: type {id} is no struct")
            name = name or "".join(self._plain(id)[1][-1:]) or "struct"
            fields = self._fields(of, type)
            self._check_size(of, type.size)
            align = max((alignment(field.type) for field in fields), default=1)
            if type.size % align or any(field.offset % alignment(field.type) for field in fields):
                align = 1
            made = laid_out(type.name or name, Layout(type.size, align, fields))
            setattr(made, f"{_RESERVED}_types", self.btf)
            self.structs[of] = made
        return self.structs[of]

    def field_type(self, id: int, name: str = "") -> FieldType:
        if id not in self.types:
            self.types[id] = self._field_type(id, name)
        return self.types[id]

    def _field_type(self, id: int, name: str) -> FieldType:
        of, names = self._plain(id)
        type, alias = self.btf[of], names[-1] if names else ""
        self._check_size(of, self.btf.size(of))
        if isinstance(type, Int | Enum | Float) and type.size not in _SIZES[type.__class__]:
            raise ObjectError(f"{self.btf.where}: {type.name} ({id}) of {type.size} bytes")
        if isinstance(type, Int) and not 0 < type.offset + type.bits <= type.size * 8:
            raise ObjectError(f"{self.btf.where}: {type.name} ({id}) of {type.bits} bits")
        match type:
            case Int():
                return _int(type, names)
            case Enum():
                return enum_type(type.name or alias, type.size, type.signed, type.values)
            case Ptr():
                return IntType(8, pointer=True)
            case Float():
                return float_type(type.name, type.size)
            case Array():
                return self._array(type)
            case _:  # what else has a size is a struct, or a section's variables
                return self.struct(of, alias or name)

    def _plain(self, id: int) -> tuple[int, list[str]]:
        """The type behind typedefs, qualifiers and variables, and the typedefs' names."""
        names: list[str] = []
        for _ in range(MAX_DEPTH):
            match self.btf[id]:
                case Modifier(kind=Kind.TYPEDEF, name=name, type=to):
                    names.append(name)
                    id = to
                case Modifier(type=to) | Var(type=to):
                    id = to
                case _:  # all that is not just another name
                    return id, names
        raise ObjectError(f"{self.btf.where}: more than {MAX_DEPTH} names for type {id}")

    def _check_size(self, id: int, size: int) -> None:
        if size > _MOST:
            raise ObjectError(f"{self.btf.where}: type {id} takes {size} bytes, which is too much")

    def _array(self, array: Array) -> FieldType:
        element, count = self.btf[self._plain(array.type)[0]], array.count
        if isinstance(element, Int) and element.name == "char" and element.size == 1:
            return Char(count, whole=True) if count else tail(text=True)
        self._enter(-len(self.begun))
        kind = self.field_type(array.type)
        self.begun.pop()
        if not count and kind == IntType(1):
            return tail(text=False)
        if count and (isinstance(kind, IntType) or (isinstance(kind, type) and sizeof(kind))):
            return ArrayType(kind, count)
        return elements(kind, count, rest=not count)

    def _fields(self, id: int, type: Composite | DataSec) -> tuple[Field, ...]:
        """The fields of a struct, those of unnamed structs inside it among them."""
        if id not in self.inner:
            self._enter(id)
            if isinstance(type, DataSec):
                found = list(self._variables(type))
            else:
                found = [field for member in type.members for field in self._member(type, member)]
            self.begun.pop()
            self._count(id, type)
            if len({field.name for field in found}) < len(found):
                raise ObjectError(f"{self.btf.where}: {type.name!r} has two fields of one name")
            self.inner[id] = tuple(_with_rest(found))
        return self.inner[id]

    def _count(self, id: int, type: Composite | DataSec) -> None:
        """Note how many numbers and texts the struct has, with those of all structs in it."""
        inside = [row[0] for row in type.vars] if isinstance(type, DataSec) else []
        inside += [member.type for member in type.members] if isinstance(type, Composite) else []
        count = 0
        for one in inside:
            of = self._plain(one)[0]
            while isinstance(array := self.btf[of], Array):
                of = self._plain(array.type)[0]
            count += self.counts.get(of, 1)
        if count > _MOST_FIELDS:
            raise ObjectError(f"{self.btf.where}: type {id} has {count} fields, in each other")
        self.counts[id] = count

    def _enter(self, id: int) -> None:
        if id in self.begun or len(self.begun) > MAX_DEPTH:
            raise ObjectError(f"{self.btf.where}: type {id} is nested too deep, or in itself")
        self.begun.append(id)

    def _variables(self, section: DataSec) -> Iterator[Field]:
        seen: set[str] = set()
        for id, offset, size in section.vars:
            name = _attribute(self.btf.name(id))
            if name in seen:
                # Variables of functions may share a name.
                name = f"{name}_{id}"
            seen.add(name)
            if offset + size > section.size or self.btf.size(id) != size:
                raise ObjectError(f"{self.btf.where}: {section.name} has no room for {name}")
            yield Field(name, self.field_type(id, name), offset, size)

    def _member(self, struct: Composite, member: Member) -> Iterator[Field]:
        where = f"{self.btf.where}: {struct.name}.{member.name}"
        of = self._plain(member.type)[0]
        type, start = self.btf[of], member.bit_offset
        if member.bitfield_size or (isinstance(type, Int) and _is_bits(type)):
            yield from self._bits(where, struct, member, type)
            return
        size = self.btf.size(of)
        if start % 8 or start // 8 + size > struct.size:
            raise ObjectError(f"{where}: {size} bytes at bit {start} of {struct.size} bytes")
        if not member.name and isinstance(type, Composite):
            for field in self._fields(of, type):
                yield replace(field, offset=field.offset + start // 8)
        elif member.name:
            name = _attribute(member.name)
            yield Field(name, self.field_type(member.type, name), start // 8, size)

    def _bits(self, where: str, struct: Composite, member: Member, type: Type) -> Iterator[Field]:
        """A bit field: of as many bytes as hold its bits, wherever they begin."""
        if not isinstance(type, Int | Enum) or type.size not in _PLAIN_SIZES:
            raise ObjectError(f"{where}: a bit field of a type that has none")
        own = type.offset if isinstance(type, Int) and not member.bitfield_size else 0
        width = member.bitfield_size or (type.bits if isinstance(type, Int) else 0)
        start = member.bit_offset + own
        if not 0 < width <= type.size * 8 or start + width > struct.size * 8:
            raise ObjectError(f"{where}: {width} bits at bit {start} of {struct.size} bytes")
        offset, shift = divmod(start, 8)
        kind = Bits(IntType(type.size, type.signed), width)
        if member.name:
            yield Field(_attribute(member.name), kind, offset, (shift + width + 7) // 8, shift)


def _with_rest(fields: list[Field]) -> Iterator[Field]:
    """The fields, of which only one behind all others has what follows the struct."""
    end = max((field.offset + field.size for field in fields), default=0)
    for field in fields:
        if isinstance(field.type, Coded) and field.type.rest and field.offset < end:
            yield replace(field, type=replace(field.type, rest=False))
        else:
            yield field


def _is_bits(type: Int) -> bool:
    """Whether it is a bit field as BTF had them at first: an integer of fewer bits than its
    bytes."""
    return bool(type.offset) or (type.bits != type.size * 8 and not type.bool)


def _int(type: Int, names: list[str]) -> FieldType:
    if type.bool:
        return bool_type(type.size)
    if _is_bits(type) or type.size not in _PLAIN_SIZES:
        return integer_type(type.name, type.size, type.signed, type.bits, type.offset)
    big = any(_NETWORK.get(name) == type.size for name in names)
    return IntType(type.size, type.signed and not big, big)


def _attribute(name: str) -> str:
    """A name that does not hide what records themselves need."""
    hides = name.startswith(_RESERVED) or (name.startswith("__") and name.endswith("__"))
    return f"{name}_" if hides else name


def alignment(kind: FieldType) -> int:
    """What C makes a multiple of it: where a field of the type begins."""
    match kind:
        case IntType():
            return kind.size
        case Coded():
            return kind.align
        case ArrayType(element):
            return alignment(element)
        case Bits() | Char() | DynamicStr():
            return 1
        case _:
            return layout(kind).align
