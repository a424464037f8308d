"""What may be called in a program: functions of the surface, struct classes, methods of maps.

Arguments arrive evaluated. `CALLS` is keyed by the function object itself, `METHODS` by name.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable
from typing import Any

from kring.decl import inside
from kring.decl.kernel import KernelEnum, KernelStruct
from kring.decl.locks import lock_of
from kring.decl.maps import (
    LARGEST_ON_STACK,
    MapDeclaration,
    PerfBuf,
    RingBuf,
    Slots,
    Stream,
    Table,
)
from kring.decl.struct import Struct, fields, sizeof
from kring.decl.types import Bits, Char
from kring.frontend import integers, packets, streams, walk
from kring.frontend.arrays import own_memory, scratch
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame, Pending, Transaction, cure
from kring.frontend.maps import lookup, settle, update, value_at
from kring.frontend.memory import find_field, write_field
from kring.frontend.texts import copy_value
from kring.frontend.values import (
    Items,
    KernelArray,
    KernelPtr,
    Num,
    Packet,
    Record,
    Ref,
    Static,
    Text,
    Val,
    as_struct,
    describe,
)
from kring.frontend.zeroes import zero_fields
from kring.ir.core import Op, Span

_CLEARED_AT_ONCE = 128
"""Bytes that are cleared without a call."""

Function = Callable[[Frame, list[Val], Span], Val]
Method = Callable[[Frame, Any, str, list[Val], Span], "Val | Pending"]


def construct(
    frame: Frame, struct: type[Struct], values: dict[str, tuple[Val, Span]], span: Span
) -> Ref:
    """A struct on the stack with the given fields, the others zero."""
    b = frame.b
    b.span = span
    if b.held and sizeof(struct) > _CLEARED_AT_ONCE:
        b.check_lock()
    if sizeof(struct) > LARGEST_ON_STACK:
        ref = Ref(scratch(frame, struct), struct)
        zero_fields(b, ref, _overwritten(struct, values))
    else:
        ref = Ref(b.stack(sizeof(struct)), struct)
        zero_fields(b, ref)
    for name, (val, where) in values.items():
        b.span = where
        write_field(b, ref, find_field(struct, name, where), val)
    return ref


def _overwritten(struct: type[Struct], given: Iterable[str]) -> set[int]:
    """The offsets of the fields that assignment fills to the last byte that is ever looked at."""
    return {
        field.offset
        for field in fields(struct)
        if field.name in given
        and not isinstance(field.type, Bits)
        and not (isinstance(field.type, Char) and field.type.clear)
    }


def arity(args: list[Val], wanted: int, what: str, span: Span) -> None:
    """Refuse a call with another number of arguments."""
    if len(args) != wanted:
        refuse(span, f"{what} takes {wanted} argument{'s' * (wanted != 1)}, not {len(args)}")


def _helper(name: str, signed: bool) -> Function:
    def build(frame: Frame, args: list[Val], span: Span) -> Val:
        arity(args, 0, "this function", span)
        return Num(frame.b.call(name), signed)

    return build


def _string(space: str) -> Function:
    def build(frame: Frame, args: list[Val], span: Span) -> Val:
        arity(args, 1, f"{space}_str()", span)
        return Text(space, frame.number(args[0], span).value)

    return build


def _bool(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 1, "bool()", span)
    if isinstance(args[0], KernelPtr):
        return Num(frame.b.emit(Op.NE, args[0].pointer, frame.b.const(0)))
    return Num(integers.truth(frame.b, frame.number(args[0], span)))


def _int(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 1, "int()", span)
    if isinstance(args[0], KernelPtr):
        return Num(walk.number(frame.b, args[0]), signed=False)
    return frame.number(args[0], span)


def _sizeof(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 1, "sizeof()", span)
    match args[0]:
        case Static(type() as struct) if issubclass(struct, Struct):
            return Num(frame.b.const(sizeof(struct)))
        case Static(type() as struct) if issubclass(struct, KernelStruct):
            return Num(walk.about(frame.b, struct, "type_size"))
        case other:
            refuse(span, f"sizeof() takes a Struct class; this is {describe(other)}")


def _exists(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 1, "exists()", span)
    match args[0]:
        case Static(type() as kind) if issubclass(kind, KernelStruct | KernelEnum):
            return Num(walk.about(frame.b, kind, "type_exists"))
        case other:
            what = f"exists() takes a KernelStruct or KernelEnum; this is {describe(other)}"
            refuse(span, what, 'for a field, write `"name" in task_struct`')


def _cast(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 2, "cast()", span)
    match args:
        case [Static(type() as struct), (KernelPtr() | Num()) as val] if issubclass(
            struct, KernelStruct
        ):
            return walk.cast(frame.b, struct, val)
        case [Static(type() as struct), val] if issubclass(struct, KernelStruct):
            refuse(span, f"a pointer or an address is cast to a kernel struct, not {describe(val)}")
        case _:
            refuse(span, "cast() in a program makes a pointer to a kernel struct")


def _len(frame: Frame, args: list[Val], span: Span) -> Val:
    arity(args, 1, "len()", span)
    if isinstance(args[0], Items):
        return Num(frame.b.const(args[0].type.count))
    if isinstance(args[0], KernelArray):
        return Num(frame.b.const(args[0].kind.count))
    if not isinstance(args[0], Packet):
        what = f"len() takes the packet or an array; this is {describe(args[0])}"
        refuse(span, what, "`sizeof(T)` is the size of a struct")
    return packets.length(frame, args[0])


CALLS: dict[object, Function] = {
    inside.ktime_ns: _helper("ktime_get_ns", signed=False),
    inside.cpu: _helper("get_smp_processor_id", signed=True),
    inside.kernel_str: _string("kernel"),
    inside.user_str: _string("user"),
    inside.exists: _exists,
    sizeof: _sizeof,
    typing.cast: _cast,
    bool: _bool,
    int: _int,
    len: _len,
}


def _get(
    frame: Frame, declaration: MapDeclaration, name: str, args: list[Val], span: Span
) -> Val | Pending:
    if len(args) not in (1, 2):
        refuse(span, f"get() takes a key and perhaps a default, not {len(args)} arguments")
    _, pointer = lookup(frame.b, declaration, name, args[0])
    if len(args) == 1:
        return Pending(pointer, lambda: value_at(frame.b, declaration, pointer))
    default = args[1]
    if not isinstance(default, Num) or isinstance(declaration.types[-1], type):
        refuse(span, "get() has a default for integers only", "compare `get(key)` with None")
    return settle(frame.b, pointer, lambda: value_at(frame.b, declaration, pointer), default)


def _pop(
    frame: Frame, declaration: MapDeclaration, name: str, args: list[Val], span: Span
) -> Val | Pending:
    arity(args, 1, "pop()", span)
    b = frame.b
    kind = declaration.types[-1]
    if isinstance(kind, type) and (lock := lock_of(kind)):
        refuse(
            span,
            f"{kind.__name__} has a lock, {lock}, which stays in the map",
            f"copy the fields of `{name}.get(key)`, then `del {name}[key]`",
        )
    key, pointer = lookup(b, declaration, name, args[0])
    own = own_memory(frame, kind) if isinstance(kind, type) else None

    def take() -> Num | Ref:
        found = value_at(b, declaration, pointer)
        if isinstance(found, Ref) and own is not None:
            copy_value(b, own, pointer, found.struct)
            found = Ref(own, found.struct)
        b.call("map_delete_elem", b.map(name), key)
        return found

    return Pending(pointer, take)


def _set(frame: Frame, declaration: MapDeclaration, name: str, args: list[Val], span: Span) -> Val:
    arity(args, 2, "set()", span)
    failed = update(frame.b, declaration, name, args[0], args[1])
    return Num(frame.b.emit(Op.EQ, failed, frame.b.const(0)))


_EXPLICIT = "or `e = {name}.try_reserve()`, compare it with None, and submit or discard it"


def _reserve(frame: Frame, ring: Any, name: str, args: list[Val], span: Span) -> Val:
    refuse(
        span,
        "reserve() is the head of a block",
        f"write `with {name}.reserve() as e:`",
        *([] if isinstance(ring, PerfBuf) else [_EXPLICIT.format(name=name)]),
    )


def _try_reserve(frame: Frame, ring: Any, name: str, args: list[Val], span: Span) -> Val:
    arity(args, 0, "try_reserve()", span)
    return streams.reserve(frame.b, ring, name)


def _end(how: str) -> Method:
    def build(frame: Frame, ring: Any, name: str, args: list[Val], span: Span) -> Val:
        arity(args, 1, f"{how}()", span)
        record = args[0]
        if not isinstance(record, Record):
            what = f"{how}() takes a record of {name!r}; this is {describe(record)}"
            refuse(span, what, *cure(record))
        if record.token.declaration is not ring:
            refuse(span, f"this record was reserved from {record.token.stream!r}, not {name!r}")
        for block in frame.blocks():
            if isinstance(block, Transaction) and block.record.token is record.token:
                instead = "`raise Discard` drops it" if how == "discard" else "leave the block"
                refuse(span, f"the `with` block ends this record itself; {instead}")
        streams.close(frame.b, record, how)
        return Static(None)

    return build


def _output(frame: Frame, stream: Stream[Any], name: str, args: list[Val], span: Span) -> Val:
    arity(args, 1, "output()", span)
    record = as_struct(args[0])
    if not isinstance(record, Ref) or record.struct is not stream.types[0]:
        kind = stream.types[0]
        wanted = kind.__name__ if isinstance(kind, type) else kind.name
        refuse(span, f"{name!r} carries {wanted}; this is {describe(record)}")
    return Num(streams.output(frame.b, stream, name, record))


METHODS: dict[type[MapDeclaration], dict[str, Method]] = {
    Table: {"get": _get, "pop": _pop, "set": _set},
    Slots: {"get": _get, "set": _set},
    Stream: {"output": _output},
    PerfBuf: {"reserve": _reserve},
    RingBuf: {
        "reserve": _reserve,
        "try_reserve": _try_reserve,
        "submit": _end("submit"),
        "discard": _end("discard"),
    },
}
"""The methods that a class of maps adds to those of its bases, by name."""


NAMED = {"id": ("user", "skip")}
"""Methods whose arguments are given by name."""


def methods(kind: type[MapDeclaration]) -> dict[str, Method]:
    """The methods that maps of a kind have in programs."""
    if kind.__module__ == "kring.decl.containers":
        from kring.frontend import containers

        if kind in containers.METHODS:
            return containers.METHODS[kind]
    found: dict[str, Method] = {}
    for base in reversed(kind.__mro__):
        found |= METHODS.get(base, {})
    return found
