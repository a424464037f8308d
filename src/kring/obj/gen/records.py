"""The structs an object's maps and variables hold, in words that every language has.

In:  an `Object`, whose BTF has the types.
Out: `records_of(obj)`: structs and unions, each after those it is made of, and enumerations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from kring.btf.blob import Btf
from kring.btf.types import (
    MAX_DEPTH,
    Array,
    Composite,
    DataSec,
    Float,
    Int,
    Modifier,
    Ptr,
    Type,
    Var,
)
from kring.btf.types import Enum as BtfEnum
from kring.btf.types import Kind as BtfKind
from kring.errors import ObjectError
from kring.obj.object import Map, Object
from kring.record import field, record

_BIG: Final = {"__be16": 2, "__be32": 4, "__be64": 8}
WIDTHS: Final = (1, 2, 4, 8)
"""Bytes of the integers that every language has."""


@record
class Number:
    """An integer; `big` in network order. `note` is what else it is: a pointer, an enumeration."""

    size: int
    signed: bool = False
    big: bool = False
    note: str = ""


@record
class Text:
    """Characters up to a NUL, in `size` bytes."""

    size: int


@record
class Row:
    """`count` of the same after each other."""

    element: Kind
    count: int


@record
class Raw:
    """Bytes, where not every language has what they mean, which `note` says."""

    size: int
    note: str


@record
class Field:
    """A field at `bit` bits from the record's start; `width` is that of a bit field, else 0."""

    name: str
    kind: Kind
    bit: int
    width: int = 0

    @property
    def end(self) -> int:
        """Where it ends, in bits."""
        return self.bit + (self.width or size_of(self.kind) * 8)


@record
class Record:
    """A struct or a union of `size` bytes; a union without a name is a part of what holds it."""

    name: str
    size: int
    fields: tuple[Field, ...]
    is_union: bool = False


@record
class Enumeration:
    """Names for the values of an integer."""

    name: str
    number: Number
    values: tuple[tuple[str, int], ...]


Kind: TypeAlias = "Number | Text | Row | Raw | Record"


@record(frozen=False)
class Records:
    """All that is to be declared; `uses` says where each record of that name is met. `constants`
    are those of the source, by their names in C, in capitals."""

    records: list[Record] = field(default_factory=list[Record])
    enums: list[Enumeration] = field(default_factory=list[Enumeration])
    uses: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    constants: dict[str, int] = field(default_factory=dict[str, int])


def size_of(kind: Kind) -> int:
    """Bytes of a field of this kind."""
    return size_of(kind.element) * kind.count if isinstance(kind, Row) else kind.size


def note_of(kind: Kind, network: str) -> str:
    """What a language that has neither unions nor byte orders says of a field; `network` is what
    it says of a number in network order, of `{bits}`."""
    while isinstance(kind, Row):
        kind = kind.element
    match kind:
        case Number(big=True, size=size):
            return network.format(bits=size * 8)
        case Number(note=note) | Raw(note=note):
            return note
        case Record(is_union=True):
            what = ", ".join(field.name for field in kind.fields)
            return f"{f'union {kind.name}'.strip()}: {what}"
        case _:
            return ""


def records_of(
    obj: Object,
    source: str,
    structs: Iterable[str] = (),
    constants: Mapping[str, int] | None = None,
) -> Records:
    """The structs of the object's maps and global variables, and those of the names that its
    source has `structs` by; `source` names it in errors and in what is declared.

    Raises: ObjectError if there are none, and the source is not one that has constants, if only it
            had some.
    """
    found = _Collector(Btf(obj.btf, where=source)) if obj.btf else None
    if found:
        for map in obj.maps:
            for id, use in _types_of(map, found.btf):
                found.use(id, use)
        for name in structs:
            found.declare(name, f"declared in {source}")
        found.out.constants.update(constants or {})
    if not found or (constants is None and not found.out.records):
        raise ObjectError(
            f"{source}: no stream, map or variable holds a struct, so there is none to declare"
        )
    return found.out


def _types_of(map: Map, btf: Btf) -> Iterator[tuple[int, str]]:
    """Types that a map holds, and what they are there."""
    yield map.record, f"a record of {map.name}"
    yield map.key_type, f"a key of {map.name}"
    section = btf[map.value_type]
    if isinstance(section, DataSec):
        for id, _, _ in section.vars:
            var = btf[id]
            if isinstance(var, Var):
                yield var.type, f"the variable {var.name}"
    else:
        yield map.value_type, f"a value of {map.name}"
    if map.inner:
        yield from _types_of(map.inner, btf)


class _Collector:
    """Types of one BTF blob as they are met, each once and after what it is made of."""

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.out = Records()
        self._known: dict[tuple[int, bool], Kind] = {}
        self._names: set[str] = set()

    def use(self, id: int, use: str) -> None:
        kind = self.kind(id, "", 0) if id else None
        while isinstance(kind, Row):
            kind = kind.element
        if isinstance(kind, Record):
            self.out.uses.setdefault(kind.name, []).append(use)

    def declare(self, name: str, use: str) -> None:
        """Note a struct or union by its name, if nothing has met it yet."""
        id = self.btf.find(name, BtfKind.STRUCT, BtfKind.UNION)
        if id is not None and name not in self._names:
            self.use(id, use)

    def kind(self, id: int, fallback: str, depth: int) -> Kind:
        """What the type of a field is; `fallback` names a struct that has no name."""
        if depth > MAX_DEPTH:
            raise ObjectError(f"{self.btf.where}: types are nested deeper than {MAX_DEPTH} levels")
        alias = ""
        type = self.btf[id]
        for _ in range(MAX_DEPTH):
            if not isinstance(type, Modifier):
                break
            alias = type.name or alias
            id, type = type.type, self.btf[type.type]
        if isinstance(type, Composite):
            name = type.name or alias or fallback
            # one without a name can be both a part of others and, by its field's name, a type
            key = id, bool(name)
            if key not in self._known:
                self._known[key] = self._record(type, name, depth)
            return self._known[key]
        if isinstance(type, Array):
            return self._array(type, fallback, depth)
        return self._number(type, alias)

    def _array(self, type: Array, fallback: str, depth: int) -> Kind:
        element = self.btf[self.btf.strip(type.type)]
        if isinstance(element, Int) and element.name == "char":
            return Text(type.count)
        return Row(self.kind(type.type, fallback, depth + 1), type.count)

    def _number(self, type: Type, alias: str) -> Kind:
        match type:
            case Int(size=size, signed=signed) if size in WIDTHS:
                note = "bool" if type.bool else ""
                return Number(size, signed, _BIG.get(alias) == size and size > 1, note)
            case Ptr():
                return Number(8, note="pointer")
            case BtfEnum(size=size, signed=signed) if size in WIDTHS:
                name = type.name or alias
                number = Number(size, signed, note=f"enum {name}".strip())
                known = [enum.name for enum in self.out.enums]
                if name and type.values and name not in known:
                    self.out.enums.append(Enumeration(name, number, type.values))
                return number
            case Int(size=size) | Float(size=size):
                return Raw(size, type.name)
            case _:
                raise ObjectError(f"{self.btf.where}: {type} is no type of a field")

    def _record(self, type: Composite, name: str, depth: int) -> Record:
        fields = sorted(self._fields(type, name, depth), key=lambda field: field.bit)
        ends = [0, *(field.end for field in fields)]
        if not type.is_union and any(f.bit < end for f, end in zip(fields, ends, strict=False)):
            raise ObjectError(f"{self.btf.where}: fields of struct {name} overlap")
        if max(ends) > type.size * 8:
            raise ObjectError(f"{self.btf.where}: struct {name} is smaller than its fields")
        if not name or not type.size:
            return Record("", type.size, tuple(fields), type.is_union)
        number, distinct = 1, name
        while distinct in self._names:
            number += 1
            distinct = f"{name}_{number}"
        self._names.add(distinct)
        made = Record(distinct, type.size, tuple(fields), type.is_union)
        self.out.records.append(made)
        return made

    def _fields(self, type: Composite, owner: str, depth: int) -> Iterator[Field]:
        """Fields with those of structs without a name in their places; of an array that has no
        end, nothing."""
        for member in type.members:
            inner = f"{owner}_{member.name}" if member.name else ""
            kind = self.kind(member.type, inner, depth + 1)
            width = member.bitfield_size or self._narrow(member.type)
            flat = not member.name and not type.is_union
            if flat and isinstance(kind, Record) and not kind.is_union:
                for one in kind.fields:
                    yield Field(one.name, one.kind, one.bit + member.bit_offset, one.width)
            elif width and not isinstance(kind, Number):
                where = f"{self.btf.where}: {owner}.{member.name}"
                raise ObjectError(f"{where}: a bit field of a type of {size_of(kind)} bytes")
            elif size_of(kind):
                # one as wide as its type, where that type may lie, is a field like others
                plain = width == size_of(kind) * 8 and not member.bit_offset % width
                yield Field(member.name, kind, member.bit_offset, 0 if plain else width)

    def _narrow(self, id: int) -> int:
        """The width of a bit field whose type says it, as old compilers wrote."""
        type = self.btf[self.btf.strip(id)]
        return type.bits if isinstance(type, Int) and type.bits < type.size * 8 else 0
