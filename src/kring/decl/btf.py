"""Declarations as BTF: what a field's type is called and how large it is, for whoever loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kring.btf.types import Array, Composite, Func, FuncProto, Int, Member, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.btf.write import Builder
from kring.decl.kernel import KernelStruct
from kring.decl.locks import is_lock
from kring.decl.struct import Struct, layout
from kring.decl.types import ArrayType, Bits, Char, Coded, DynamicStr, FieldType, IntType
from kring.errors import DeclarationError
from kring.spelling import c_name

if TYPE_CHECKING:
    from kring.decl.kfuncs import ArgType, Kfunc
    from kring.decl.partial import KernelTypes

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
        case IntType(pointer=True):
            return types.add(Ptr(0))
        case IntType(size, signed, big):
            number = types.add(Int(_INT_NAMES[size, signed], size, size * 8, signed=signed))
            if big and size > 1:
                return types.add(Modifier(BtfKind.TYPEDEF, number, f"__be{size * 8}"))
            return number
        case Bits(unit):
            return type_id(types, unit)
        case Char(size):
            return array_id(types, types.add(Int("char", 1, 8, signed=True)), size)
        case ArrayType(element, count):
            return array_id(types, type_id(types, element), count)
        case DynamicStr():
            return type_id(types, IntType(4))
        case Coded():
            raise DeclarationError(f"{kind!r}: a type that programs of Python cannot have")
        case _ if issubclass(kind, Struct):
            return _struct(types, kind)
        case _:
            raise TypeError(f"{kind!r} has no layout of its own")


def array_id(types: Builder, element: int, count: int) -> int:
    return types.add(Array(element, type_id(types, IntType(4)), count))


def _struct(types: Builder, struct: type[Struct]) -> int:
    members = tuple(
        Member(
            c_name(field.name),
            type_id(types, field.type),
            field.offset * 8 + field.shift,
            field.type.width if isinstance(field.type, Bits) else 0,
        )
        for field in layout(struct).fields
    )
    name = "bpf_spin_lock" if is_lock(struct) else c_name(struct.__name__)
    union = len(members) > 1 and not any(one.bit_offset or one.bitfield_size for one in members)
    return types.add(Composite(name, layout(struct).size, members, union))


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
        case _ if issubclass(to, Struct):
            return type_id(types, to)
        case _:
            return _context(types, to)


def _context(types: Builder, to: type) -> int:
    """The id of what the kernel calls a context, 0 if it has no name of its own."""
    from kring.decl.contexts import PerfEvent, Registers
    from kring.decl.packets import Skb, Xdp

    names = {
        Xdp: "xdp_md",
        Skb: "__sk_buff",
        PerfEvent: "bpf_perf_event_data",
        Registers: "pt_regs",
    }
    name = next((names[one] for one in to.__mro__ if one in names), "")
    return types.add(Composite(name, 0, ())) if name else 0
