"""What the kernel hands to a program: the context's fields, kernel structs, the current task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from kring.abi.programs import Kind, Parameter
from kring.abi.tracepoints import DYNAMIC, TraceField, event_struct
from kring.decl.kernel import TracepointArgs, view_field, view_names
from kring.decl.struct import Struct
from kring.decl.structs import task_struct
from kring.decl.types import ArrayType, Char, DynamicStr, FieldType, IntType
from kring.frontend.builder import Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.values import Ctx, KernelPtr, Num, Text, Val
from kring.frontend.walk import use
from kring.ir.core import Core, Mem, Op, Span

if TYPE_CHECKING:
    from kring.abi.usdt import Site
    from kring.btf.blob import Btf


class Facts(Protocol):
    """What a running system says of hooks and of its types, for what is not declared; `btf` is
    read when it is first asked for, and None where it has none."""

    @property
    def btf(self) -> Btf | None: ...
    def tracepoint(self, name: str) -> Sequence[TraceField]: ...
    def parameters(self, kind: Kind, target: str) -> Sequence[Parameter] | None: ...
    def sites(self, target: str) -> Sequence[Site]: ...


def context_field(
    b: Builder, ctx: Ctx, target: str, name: str, span: Span, facts: Facts | None
) -> Val:
    """A field of a tracepoint's context."""
    view = ctx.view if ctx.view and issubclass(ctx.view, TracepointArgs) else None
    if view is not None:
        declared = view_field(view, name)
        kind = declared.type if declared else None
    else:
        kind = _formatted(target, span, facts).get(name)
    if kind is None:
        owner = view.__name__ if view else target
        known = view_names(view) if view else list(_formatted(target, span, facts))
        refuse(span, f"{owner} has no field {name!r}. {did_you_mean(name, known)}")
    if isinstance(kind, ArrayType):
        from kring.frontend import events

        return events.array(b, ctx, target, name, kind, span, facts)
    struct = event_struct(target)
    member = DYNAMIC + name if isinstance(kind, DynamicStr) else name
    core = use(b, struct, member, kind, span) if kind is not Struct else Core(struct, ())
    match kind:
        case DynamicStr():
            return Text("dynamic", ctx.pointer, core=core)
        case Char(size):
            address = b.emit(Op.FIELD, ctx.pointer, imm=core, type=ctx.pointer.type)
            return Text("kernel", address, size)
        case IntType(size, signed):
            return Num(b.load(ctx.pointer, Mem(0, size, signed, core)), signed or size < 8)
        case _:
            refuse(
                span,
                f"{name!r} of {target} is no integer, string or array of a size that is known",
                f"declare it in a class derived from `TracepointArgs`: `{name}: bytes = array(64)`",
            )


def _formatted(target: str, span: Span, facts: Facts | None) -> dict[str, FieldType]:
    if facts is None:
        refuse(
            span,
            f"the fields of {target} are known only to a running kernel",
            "declare the ones you use: `class Args(TracepointArgs)`, and `ctx: Args`",
        )
    return {field.name: _format_type(field) for field in facts.tracepoint(target)}


def _format_type(field: TraceField) -> FieldType:
    """The type of a field; what has no form of its own here is a `Struct`."""
    if field.type.startswith("__data_loc"):
        return DynamicStr() if "char" in field.type else Struct
    if field.type.endswith("]") and field.type.startswith("char"):
        return Char(field.size)
    if field.type.endswith("]"):
        from kring.frontend import events

        return events.format_array(field) or Struct
    return IntType(field.size, field.signed) if field.size in (1, 2, 4, 8) else Struct


# The current task: what each name of `current` builds.


def _high(b: Builder, helper: str) -> Val:
    return Num(b.emit(Op.LSHR, b.call(helper), b.const(32)))


def _low(b: Builder, helper: str) -> Val:
    return Num(b.emit(Op.ZEXT, b.call(helper), imm=32))


def _task(b: Builder) -> Val:
    return KernelPtr(b.call("get_current_task_btf"), task_struct)


CURRENT: dict[str, Callable[[Builder], Val]] = {
    "pid": lambda b: _high(b, "get_current_pid_tgid"),
    "tid": lambda b: _low(b, "get_current_pid_tgid"),
    "uid": lambda b: _low(b, "get_current_uid_gid"),
    "gid": lambda b: _high(b, "get_current_uid_gid"),
    "comm": lambda _: Text("comm"),
    "task": _task,
}
