"""Arrays among the fields of a tracepoint: fixed ones, and those whose data has no fixed place.

The verifier follows only constant distances into a context, so a whole array is copied to the
stack first; an element at a constant index is loaded directly.

    __data_loc u8[] data      u32: the distance from the context's start, and the size above it
"""

from __future__ import annotations

import ast
import re
from math import prod

from kring.abi.tracepoints import DYNAMIC, TraceField, event_struct
from kring.decl.kernel import TracepointArgs, view_field
from kring.decl.types import ArrayType, DynamicStr, IntType
from kring.errors import LoadError
from kring.frontend.builder import Builder
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame
from kring.frontend.kernel import Facts
from kring.frontend.values import Ctx, Items, Num, Val
from kring.frontend.walk import use
from kring.ir.core import Core, Mem, Op, Span, Value

_COPY = "the context"


def array(
    b: Builder, ctx: Ctx, target: str, name: str, kind: ArrayType, span: Span, facts: Facts | None
) -> Items:
    """A copy of an array, zeros behind what there is of one whose size varies."""
    field = _known(facts, target, name)
    memory = b.stack(kind.size)
    if field is not None and field.type.startswith(DYNAMIC.rstrip("_")):
        core = use(b, event_struct(target), DYNAMIC + name, DynamicStr(), span)
        _copy_varying(b, ctx, core, memory, kind.size)
    else:
        _check_size(field, target, name, kind, span)
        core = use(b, event_struct(target), name, kind, span)
        address = b.emit(Op.FIELD, ctx.pointer, imm=core, type=ctx.pointer.type)
        b.call("probe_read_kernel", memory, b.const(kind.size), address)
    return Items(memory, kind, copied=_COPY)


def _copy_varying(b: Builder, ctx: Ctx, core: Core, memory: Value, room: int) -> None:
    """As many bytes as there are, and as there is room for."""
    b.emit(Op.ZERO, memory, imm=Mem(0, room))
    place = b.load(ctx.pointer, Mem(0, 4, core=core))
    size = b.emit(Op.LSHR, place, b.const(16))
    most = b.const(room)
    count = b.choose(b.emit(Op.ULE, size, most), size, most)
    distance = b.emit(Op.AND, place, b.const(0xFFFF))
    address = b.emit(Op.ADD, ctx.pointer, distance, type=ctx.pointer.type)
    b.call("probe_read_kernel", memory, count, address)


def element(frame: Frame, node: ast.Subscript) -> Val | None:
    """`ctx.args[2]`, loaded directly; None if the expression is not of that form."""
    match node:
        case ast.Subscript(ast.Attribute(ast.Name(base), name), ast.Constant(int(index))):
            ctx = frame.b.env.get(base)
        case _:
            return None
    view = ctx.view if isinstance(ctx, Ctx) else None
    if view is None or not issubclass(view, TracepointArgs):
        return None
    declared = view_field(view, name)
    target = frame.program.target
    if declared is None or not isinstance(declared.type, ArrayType):
        return None
    kind, field = declared.type, _known(frame.facts, target, name)
    one = kind.element
    dynamic = field is not None and field.type.startswith(DYNAMIC.rstrip("_"))
    if dynamic or not 0 <= index < kind.count or not isinstance(one, IntType) or one.big:
        return None
    span = frame.at(node)
    _check_size(field, target, name, kind, span)
    core = use(frame.b, event_struct(target), name, kind, span)
    place = Core(core.struct, (*core.path, str(index)))
    assert isinstance(ctx, Ctx)
    loaded = frame.b.load(ctx.pointer, Mem(0, one.size, one.signed, place))
    return Num(loaded, one.signed or one.size < 8)


def _known(facts: Facts | None, target: str, name: str) -> TraceField | None:
    """What the running system says of the field, if it can be asked."""
    try:
        fields = facts.tracepoint(target) if facts else ()
    except LoadError:
        return None
    return next((field for field in fields if field.name == name), None)


def _check_size(
    field: TraceField | None, target: str, name: str, kind: ArrayType, span: Span
) -> None:
    if field is not None and field.size != kind.size:
        own = format_array(field)
        one = own.element if own else None
        wanted = f"array({field.size})"
        if own and isinstance(one, IntType) and one.size > 1:
            wanted = f"array({own.count}, {one.name})"
        refuse(
            span,
            f"{name!r} of {target} is `{field.type}`, {field.size} bytes in this kernel",
            f"declare it `{name}: … = {wanted}`",
        )


def format_array(field: TraceField) -> ArrayType | None:
    """The type of a fixed array of integers, from a `format` file; None for anything else."""
    found = re.fullmatch(r"(?P<type>[^\[]+)\[(?P<count>[\d* ]+)\]", field.type)
    if found is None or "char" in found["type"] or field.type.startswith(DYNAMIC.rstrip("_")):
        return None
    count = prod(int(one) for one in found["count"].split("*"))
    size = field.size // count if count else 0
    if size not in (1, 2, 4, 8) or size * count != field.size:
        return None
    return ArrayType(IntType(size, field.signed), count)
