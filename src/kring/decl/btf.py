"""Declarations as BTF: what a field's type is called and how large it is, for whoever loads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kring.btf.types import Array, Composite, Func, FuncProto, Int, Member, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.btf.write import Builder
from kring.decl.kernel import KernelStruct
from kring.decl.struct import Struct, layout
from kring.decl.types import ArrayType, Bits, Char, DynamicStr, FieldType, IntType

if TYPE_CHECKING:
    from kring.decl.kfuncs import ArgType, Kfunc

_INT_NAMES = {
    (1, False): "unsigned char",
    (2, False): "unsigned short",
    (4, False): "unsigned int",
    (8, False): "unsigned long long",
    (1, True): "signed char",
    (2, True): "short",
    (4, True): "int",
    (8, True): "long long",
}


def type_id(types: Builder, kind: FieldType) -> int:
    """The id of a field's type; a kernel struct is declared only, not defined."""
    match kind:
        case IntType(size, signed, big):
            number = types.add(Int(_INT_NAMES[size, signed], size, size * 8, signed=signed))
            if big and size > 1:
                return types.add(Modifier(BtfKind.TYPEDEF, number, f"__be{size * 8}"))
            return number
        case Bits(unit):
            return type_id(types, unit)
        case Char(size):
            return _array(types, types.add(Int("char", 1, 8, signed=True)), size)
        case ArrayType(element, count):
            return _array(types, type_id(types, element), count)
        case DynamicStr():
            return type_id(types, IntType(4))
        case _ if issubclass(kind, Struct):
            return _struct(types, kind)
        case _:
            raise TypeError(f"{kind!r} has no layout of its own")


def _array(types: Builder, element: int, count: int) -> int:
    return types.add(Array(element, type_id(types, IntType(4)), count))


def _struct(types: Builder, struct: type[Struct]) -> int:
    members = tuple(
        Member(
            field.name,
            type_id(types, field.type),
            field.offset * 8 + field.shift,
            field.type.width if isinstance(field.type, Bits) else 0,
        )
        for field in layout(struct).fields
    )
    return types.add(Composite(struct.__name__, layout(struct).size, members))


class KernelTypes:
    """The kernel structs a build looks into, laid out with just the members it uses.

    Pointers lead to structs by name only, so that nothing about the kernel is claimed beyond the
    members and their types.
    """

    def __init__(self, types: Builder, used: Mapping[str, Mapping[str, FieldType]]) -> None:
        ids = self._ids = {name: types.reserve() for name in used}
        self._members: dict[tuple[str, str], tuple[int, int, int, FieldType]] = {}
        for name, fields in used.items():
            members: list[Member] = []
            end = largest = 0
            for index, (member, kind) in enumerate(fields.items()):
                id, size, align = _sized(types, ids, kind)
                offset = -(-end // align) * align
                end, largest = offset + size, max(largest, align)
                members.append(Member(member, id, offset * 8))
                self._members[name, member] = ids[name], index, offset, kind
            types.set(ids[name], Composite(name, -(-end // largest) * largest, tuple(members)))

    def struct(self, name: str) -> int:
        """The struct's id, 0 if the build does not look into it."""
        return self._ids.get(name, 0)

    def answer(self, struct: str, path: tuple[str, ...], kind: str) -> tuple[int, str, int]:
        """The struct's id, the access string, and what our own layout answers."""
        id, index, offset, field = self._members[struct, path[0]]
        return id, f"0:{index}", _ANSWERS[kind](offset, field)


def _shift(_: int, kind: FieldType) -> int:
    return 64 - 8 * kind.size if isinstance(kind, IntType | Char) else 0


_ANSWERS: dict[str, Callable[[int, FieldType], int]] = {
    "offset": lambda offset, _: offset,
    "exists": lambda _, __: 1,
    "size": lambda _, kind: kind.size if isinstance(kind, IntType | Char) else 8,
    "signed": lambda _, kind: int(isinstance(kind, IntType) and kind.signed),
    "lshift": _shift,
    "rshift": _shift,
}


def kfunc_id(types: Builder, kernel: KernelTypes, function: Kfunc) -> int:
    """The id of a kernel function, as a function of the object: the kernel takes no others."""

    def argument(kind: ArgType | None) -> int:
        match kind:
            case None:
                return 0
            case IntType() if type(kind) is not IntType:
                return types.add(Int("_Bool", 1, 8, bool=True))
            case IntType():
                return type_id(types, kind)
            case _:
                return types.add(Ptr(_pointee(types, kernel, kind.to)))

    params = tuple((name, argument(kind)) for name, kind in function.params)
    return types.add(Func(function.name, types.add(FuncProto(argument(function.result), params))))


def _pointee(types: Builder, kernel: KernelTypes, to: IntType | type | None) -> int:
    match to:
        case None:
            return 0
        case type() if issubclass(to, KernelStruct):
            return kernel.struct(to.__name__) or types.add(Composite(to.__name__, 0, ()))
        case IntType():
            return type_id(types, to)
        case _:
            return type_id(types, to) if issubclass(to, Struct) else 0


def _sized(types: Builder, ids: Mapping[str, int], kind: FieldType) -> tuple[int, int, int]:
    """Id, size and alignment of a member."""
    match kind:
        case type() as struct if issubclass(struct, KernelStruct):
            return types.add(Ptr(ids.get(struct.__name__, 0))), 8, 8
        case IntType(size):
            return type_id(types, kind), size, size
        case Char(size):
            return type_id(types, kind), size, 1
        case _:
            return type_id(types, kind), 4, 4
