"""Calls of kernel functions as the IR has them, by their declarations."""

from __future__ import annotations

from kring.decl.kernel import KernelStruct
from kring.decl.kfuncs import ArgType, Kfunc, Pointer
from kring.decl.struct import Struct
from kring.decl.types import IntType
from kring.errors import DeclarationError
from kring.frontend.builder import Builder
from kring.ir.core import I64, Op, Space, Type, Value
from kring.ir.core import Kfunc as Signature


def emit(b: Builder, function: Kfunc, *args: Value) -> Value:
    """What a kernel function returns: 64 bits as they come, or a pointer.

    Raises: DeclarationError if another one of that name is used in the build.
    """
    known = b.module.kfuncs.setdefault(function.name, function)
    if known is not function and _shape(known) != _shape(function):
        raise DeclarationError(f"{function.name}() is declared twice, and not alike")
    kinds = tuple(_kind(kind) for _, kind in function.params)
    result = _result_type(function.result)
    name = "int" if result.space is None else f"{result.space.value}{'?' * result.nullable}"
    return b.emit(Op.KFUNC, *args, imm=Signature(function.name, kinds, name), type=result)


def _shape(function: Kfunc) -> tuple[object, ...]:
    """What two declarations of one function must have in common."""
    kinds = (*(kind for _, kind in function.params), function.result)
    return tuple(
        (kind.to.__name__ if isinstance(kind.to, type) else kind.to, kind.nullable)
        if isinstance(kind, Pointer)
        else kind
        for kind in kinds
    )


def _kind(kind: ArgType) -> str:
    """The kind of an argument, in the words of `abi.helpers.Helper`."""
    match kind:
        case Pointer(type() as to, nullable) if issubclass(to, Struct):
            return "mem" if nullable else "inout"
        case Pointer(type() as to, nullable) if issubclass(to, KernelStruct):
            return "addr" if nullable else "btf"
        case Pointer(type()):
            return "ctx"
        case Pointer(IntType(), nullable):
            return "mem" if nullable else "inout"
        case Pointer():
            return "mem"
        case _:
            return "int"


def _result_type(kind: ArgType | None) -> Type:
    match kind:
        case Pointer(type() as to, nullable) if issubclass(to, KernelStruct):
            return Type(Space.BTF, nullable)
        case Pointer(IntType(), nullable):
            return Type(Space.MEM, nullable)
        case Pointer(type() as to, nullable) if issubclass(to, Struct):
            return Type(Space.MEM, nullable)
        case _:
            return I64
