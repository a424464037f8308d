"""The kernel types that a build looks into, as BTF: of each just the members and names it uses.

In: what the front end noted, by the kernel's names. Out: types of the object, and for each question
about them the record's access string and the answer that our own layout gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kring.btf.types import Composite, Enum, Int, Member, Ptr
from kring.btf.write import Builder
from kring.decl.btf import array_id, type_id
from kring.decl.kernel import KernelEnum, enum_size
from kring.decl.types import (
    ArrayType,
    Bits,
    Char,
    Coded,
    CString,
    DynamicStr,
    Elements,
    Embedded,
    IntType,
    ViewType,
)
from kring.errors import InternalError
from kring.record import field, record


@record(frozen=False, eq=False)
class Used:
    """What a build asks of one kernel type, a `struct`, `union` or `enum` as `tag` says: members
    and their types, enumerators and their values where there is no kernel. `offsets` are where
    members lie there, in bytes, as far as the source says so."""

    tag: str
    members: dict[str, ViewType] = field(default_factory=dict[str, ViewType])
    offsets: dict[str, int] = field(default_factory=dict[str, int])
    values: dict[str, int] = field(default_factory=dict[str, int])


class KernelTypes:
    """The kernel types a build looks into, laid out with just the members it uses.

    Pointers lead to structs by name only, so that nothing about the kernel is claimed beyond the
    members and their types.
    """

    def __init__(self, types: Builder, used: Mapping[str, Used]) -> None:
        self._types = types
        self._used = used
        self._ids = {name: types.reserve() for name in used}
        self._laid: dict[str, _Laid] = {}
        for name, use in used.items():
            if use.tag == "enum":
                values = tuple(use.values.items())
                types.set(self._ids[name], Enum(name, 4, values, any(n < 0 for _, n in values)))
            else:
                self._lay_out(name)

    def struct(self, name: str) -> int:
        """The struct's id, 0 if the build does not look into it."""
        return self._ids.get(name, 0)

    def answer(self, name: str, path: tuple[str, ...], kind: str) -> tuple[int, str, int]:
        """The type's id, the access string, and what our own layout answers."""
        id = self._ids[name]
        if kind in _OF_ENUMS:
            index = list(self._used[name].values).index(path[0])
            return id, str(index), 1 if kind == "enum_exists" else self._used[name].values[path[0]]
        if not path:
            return id, "0", 1 if kind == "type_exists" else self._laid[name].size
        place = self._find(name, path)
        return id, ":".join(("0", *map(str, place.indices))), _ANSWERS[kind](place)

    def _find(self, name: str, path: tuple[str, ...]) -> _Place:
        """The field that a path of names and indices leads to."""
        place = _Place((), 0, Embedded(), 0)
        for step in path:
            if isinstance(place.kind, ArrayType | Elements):
                element = place.kind.element
                size = self._sized(element)[1]
                bit = place.bit + int(step) * size * 8
                place = _Place((*place.indices, int(step)), bit, element, size)
            else:
                laid = self._laid[name]
                index, bit, kind, size = laid.members[step]
                place = _Place((*place.indices, index), place.bit + bit, kind, size)
            kind = place.kind
            if isinstance(kind, Embedded) and kind.struct is not None:
                name = kind.struct.__name__
        return place

    def _lay_out(self, name: str) -> _Laid:
        """The struct or union in the order in which its members were first used, but for those
        whose place is said."""
        if name in self._laid:
            return self._laid[name]
        self._laid[name] = _Laid({}, 0, 1)  # what contains itself has no size
        use = self._used[name]
        laid: list[tuple[Member, ViewType, int]] = []
        end = largest = 0
        for member, kind in use.members.items():
            id, size, align = self._sized(kind)
            bits = kind.width if isinstance(kind, Bits) else 0
            before = 0 if use.tag == "union" else end
            start = -(-before // (align * 8)) * align * 8
            if bits and before % (size * 8) + bits <= size * 8:
                start = before
            if member in use.offsets:
                start = use.offsets[member] * 8
            end, largest = max(end, start + (bits or size * 8)), max(largest, align)
            laid.append((Member(member, id, start, bits), kind, size))
        laid.sort(key=lambda one: one[0].bit_offset)  # the kernel takes them in no other order
        members = tuple(member for member, _, _ in laid)
        placed = {
            member.name: (index, member.bit_offset, kind, size)
            for index, (member, kind, size) in enumerate(laid)
        }
        size = -(-end // (8 * max(largest, 1))) * max(largest, 1)
        self._types.set(self._ids[name], Composite(name, size, members, use.tag == "union"))
        self._laid[name] = _Laid(placed, size, max(largest, 1))
        return self._laid[name]

    def _sized(self, kind: ViewType) -> tuple[int, int, int]:
        """Id, size and alignment of a member."""
        types = self._types
        match kind:
            case IntType(size, pointer=True):
                return types.add(Ptr(0)), size, size
            case IntType(size):
                return type_id(types, kind), size, size
            case Bits(unit):
                return type_id(types, unit), unit.size, unit.size
            case Char(size):
                return type_id(types, kind), size, 1
            case CString():
                return types.add(Ptr(types.add(Int("char", 1, 8, signed=True)))), 8, 8
            case ArrayType(element, count) | Elements(element, count):
                id, size, align = self._sized(element)
                return array_id(types, id, count), size * count, align
            case Embedded(type() as struct):
                laid = self._lay_out(struct.__name__)
                return self._ids[struct.__name__], laid.size, laid.align
            case type() as struct if issubclass(struct, KernelEnum):
                size = enum_size(struct)
                id = self._ids.get(struct.__name__) or types.add(Enum(struct.__name__, size, ()))
                return id, size, size
            case type() as struct:
                return types.add(Ptr(self._ids.get(struct.__name__, 0))), 8, 8
            case DynamicStr() | Coded():
                return type_id(types, kind), kind.size, 4
            case Embedded():
                raise InternalError("an embedded struct of no class")


@record
class _Laid:
    """A laid out struct: index, first bit, type and size of each member."""

    members: Mapping[str, tuple[int, int, ViewType, int]]
    size: int
    align: int


@record
class _Place:
    """A field, by the indices of members and elements; `size` is that of a bit field's unit."""

    indices: tuple[int, ...]
    bit: int
    kind: ViewType
    size: int

    @property
    def start(self) -> int:
        """The byte where a load of it begins."""
        if isinstance(self.kind, Bits):
            return self.bit // 8 // self.size * self.size
        return self.bit // 8

    @property
    def width(self) -> int:
        return self.kind.width if isinstance(self.kind, Bits) else self.size * 8


def _is_signed(place: _Place) -> int:
    kind = place.kind.unit if isinstance(place.kind, Bits) else place.kind
    return int(isinstance(kind, IntType) and kind.signed)


_OF_ENUMS = ("enum_value", "enum_exists")
_ANSWERS: dict[str, Callable[[_Place], int]] = {
    "offset": lambda place: place.start,
    "exists": lambda _: 1,
    "size": lambda place: place.size,
    "signed": _is_signed,
    "lshift": lambda place: 64 - (place.bit - place.start * 8 + place.width),
    "rshift": lambda place: 64 - place.width,
}
