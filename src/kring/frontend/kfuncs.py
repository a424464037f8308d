"""Calls of kernel functions by BTF name: arguments checked against the stub, results taken."""

from __future__ import annotations

import ast
from collections.abc import Callable

from kring.abi.kfuncs import ACQUIRES
from kring.btf.match import essential
from kring.decl.kernel import KernelStruct
from kring.decl.kfuncs import ArgType, Kfunc, Pointer
from kring.decl.struct import Struct, fields
from kring.decl.types import IntType
from kring.errors import DeclarationError
from kring.frontend import walk
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, own_view
from kring.frontend.frame import Frame, Pending, cure
from kring.frontend.integers import truncate
from kring.frontend.kcall import emit
from kring.frontend.leases import give_back, lease
from kring.frontend.memory import check_constant, load_int
from kring.frontend.values import (
    Ctx,
    KernelPtr,
    Lease,
    Maybe,
    Num,
    Record,
    Ref,
    Static,
    Val,
    describe,
)
from kring.ir.core import Span, Value

_MOST = 5
"""Registers for arguments."""


def call(frame: Frame, function: Kfunc, node: ast.Call) -> Val | Pending:
    """The call of a declared function; its result may have to be compared with None."""
    name, wanted, span = function.name, function.params, frame.at(node)
    if len(wanted) > _MOST:
        refuse(span, f"{name}() has {len(wanted)} parameters; a call passes {_MOST} at most")
    if node.keywords:
        refuse(frame.at(node.keywords[0]), "this call takes no named arguments")
    if len(node.args) != len(wanted):
        many = f"{len(wanted)} argument{'s' * (len(wanted) != 1)}"
        refuse(span, f"{name}() takes {many}, not {len(node.args)}")
    b = frame.b
    values: list[Value] = []
    given: list[Val] = []
    for (param, kind), arg in zip(wanted, node.args, strict=True):
        val = evaluate(frame, arg)
        given.append(val)
        values.append(_argument(frame, f"{param!r} of {name}()", kind, val, frame.at(arg)))
    b.span = span
    try:
        value = emit(b, function, *values)
    except DeclarationError as error:
        refuse(span, str(error), "let both programs use one stub")
    for val in given:
        if (
            isinstance(val, KernelPtr)
            and isinstance(val.token, Lease)
            and (val.token.release == name)
        ):
            give_back(b, val.token, span)
    return _result(frame, function, value)


def _argument(frame: Frame, what: str, kind: ArgType, val: Val, span: Span) -> Value:
    b = frame.b
    match kind, val:
        case IntType(), Num():
            b.span = span
            check_constant(b, what, kind, val)
            return val.value
        case Pointer(nullable=True), Static(None):
            return b.const(0)
        case Pointer(type() as to, True), Maybe(present, inner) if _fits(to, inner):
            return present
        case Pointer(to), _ if _fits(to, val):
            return _address(b, val)
        case _:
            refuse(span, f"{what} is {_words(kind)}; this is {describe(val)}", *cure(val, span))


def _fits(to: IntType | type | None, val: Val) -> bool:
    match to, val:
        case None, Ref() | Record() | KernelPtr() | Ctx():
            return True
        case IntType(), Ref(struct=struct) | Record(Ref(struct=struct)):
            return [field.type for field in fields(struct)] == [to]
        case type(), Ref(struct=struct) | Record(Ref(struct=struct)):
            return issubclass(struct, to)
        case type(), KernelPtr(struct=struct):
            return essential(struct.__name__) == essential(to.__name__)
        case type(), Ctx():
            return not issubclass(to, Struct | KernelStruct)
        case _:
            return False


def _address(b: Builder, val: Val) -> Value:
    match val:
        case Ref(pointer, _, offset) | Record(Ref(pointer, _, offset)):
            return b.at(pointer, offset)
        case KernelPtr():
            return walk.address(b, val)
        case Ctx(pointer):
            return pointer
        case _:
            raise TypeError(val)


def _words(kind: ArgType) -> str:
    match kind:
        case IntType():
            return f"an integer ({kind.name})"
        case Pointer(None):
            return "a struct, a kernel struct or the context"
        case Pointer(IntType() as to, nullable):
            what = f"a struct of one {to.name}"
        case Pointer(type() as to, nullable) if issubclass(to, Struct | KernelStruct):
            what = f"a {to.__name__}"
        case Pointer(_, nullable):
            what = "the context"
    return f"{what} or None" if nullable else what


def _result(frame: Frame, function: Kfunc, value: Value) -> Val | Pending:
    b, kind = frame.b, function.result
    match kind:
        case None:
            return Static(None)
        case IntType():
            return truncate(b, Num(value), kind)
        case Pointer(IntType() as number, nullable):
            return _perhaps(nullable, value, lambda: load_int(b, value, 0, number))
        case Pointer(type() as to, nullable) if issubclass(to, KernelStruct):
            pointer = own_view(frame, KernelPtr(value, to))
            if nullable and function.name in ACQUIRES:
                return _leased(b, function, pointer, to)
            return _perhaps(nullable, value, lambda: pointer)
        case Pointer(type() as to, nullable) if issubclass(to, Struct):
            return _perhaps(nullable, value, lambda: Ref(value, to, shared=True))
        case _:
            refuse(b.span, "what it returns is neither a number nor a pointer to a struct")


def _leased(b: Builder, function: Kfunc, pointer: KernelPtr, to: type) -> Maybe:
    """An object that must be given back, by a function that the program may not have declared."""
    end = ACQUIRES[function.name]
    release = b.module.kfuncs.get(end) or Kfunc(end, (("p", Pointer(to)),), None)
    return lease(b, pointer, function.name, end, lambda value: emit(b, release, value))


def _perhaps(
    nullable: bool, value: Value, take: Callable[[], Num | Ref | KernelPtr]
) -> Val | Pending:
    return Pending(value, take) if nullable else take()
