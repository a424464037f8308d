"""What a program is given: its parameters bound, and the fields of contexts read and assigned.

How a kind of program takes its parameters is a line in `_BINDERS`, by `Kind.context`; a context
that is a class of kring's own is one in `_SHIPPED`, its fields a table of `abi.contexts`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from kring.abi.context_rows import hidden, writable
from kring.abi.contexts import (
    PERF_EVENT,
    REGISTERS,
    SK_BUFF,
    XDP_MD,
    ContextField,
)
from kring.decl.contexts import PerfEvent, Registers
from kring.decl.kernel import Context, TracepointArgs
from kring.decl.packets import Skb, Xdp
from kring.decl.struct import Struct
from kring.decl.types import IntType
from kring.frontend import packets
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.frame import Frame
from kring.frontend.kernel import context_field
from kring.frontend.memory import check_constant, load_int, store_int
from kring.frontend.values import Ctx, Num, Packet, Ref, Val
from kring.ir.core import Span
from kring.spelling import article


def bind(frame: Frame, node: ast.FunctionDef) -> None:
    """Give the parameters of a program their values."""
    kind = frame.program.kind
    if kind.context in ("xdp", "skb"):
        packets.begin(frame)
    args = [*node.args.posonlyargs, *node.args.args]
    star = node.args.vararg or node.args.kwarg or next(iter(node.args.kwonlyargs), None)
    if star is not None:
        refuse(frame.at(star), "a program's parameters are named one by one, in order")
    if node.args.defaults:
        refuse(frame.at(node.args.defaults[0]), "a program's parameters have no defaults")
    _BINDERS[kind.context](frame, args)


def annotation_of(frame: Frame, arg: ast.arg) -> object:
    """What a parameter is annotated with; None without annotation."""
    return frame.annotation(arg.annotation) if arg.annotation else None


def _one(frame: Frame, args: list[ast.arg]) -> ast.arg | None:
    """The context's parameter, if there is one."""
    if len(args) > 1:
        refuse(frame.at(args[-1]), "a program takes its context and nothing else")
    return args[0] if args else None


def _refuse_view(frame: Frame, arg: ast.arg, *views: str) -> None:
    annotation = ast.unparse(arg.annotation or arg)
    refuse(
        frame.at(arg),
        f"the context of {article(frame.program.kind.name)} program is not {annotation}",
        f"annotate it with {' or with '.join(views)}",
    )


def _shipped(view: type) -> Callable[[Frame, list[ast.arg]], None]:
    def take(frame: Frame, args: list[ast.arg]) -> None:
        arg = _one(frame, args)
        if arg is None:
            return
        if annotation_of(frame, arg) not in (None, Context, view):
            _refuse_view(frame, arg, "`Context`", f"`{view.__name__}`")
        frame.b.env[arg.arg] = Ctx(frame.b.context, view)

    return take


def _tracepoint(frame: Frame, args: list[ast.arg]) -> None:
    arg = _one(frame, args)
    if arg is None:
        return
    view = annotation_of(frame, arg)
    if view is None or view is Context:
        frame.b.env[arg.arg] = Ctx(frame.b.context, None)
    elif isinstance(view, type) and issubclass(view, TracepointArgs):
        frame.b.env[arg.arg] = Ctx(frame.b.context, view)
    else:
        _refuse_view(frame, arg, "`Context`", "a class derived from `TracepointArgs`")


def _bytes(frame: Frame, args: list[ast.arg]) -> None:
    """The context of a syscall program is a struct that whoever runs it gives, and gets back."""
    arg = _one(frame, args)
    if arg is None:
        return
    view = annotation_of(frame, arg)
    if view is None or view is Context:
        frame.b.env[arg.arg] = Ctx(frame.b.context, None)
    elif isinstance(view, type) and issubclass(view, Struct):
        frame.b.env[arg.arg] = Ref(frame.b.context, view)
    else:
        _refuse_view(frame, arg, "a class derived from `Struct`, which is what `ctx=` of run() is")


def _arguments(frame: Frame, args: list[ast.arg]) -> None:
    from kring.frontend import arguments

    arguments.bind(frame, args)


def _probe(frame: Frame, args: list[ast.arg]) -> None:
    from kring.frontend import usdt

    usdt.bind(frame, args)


_BINDERS: dict[str, Callable[[Frame, list[ast.arg]], None]] = {
    "tracepoint": _tracepoint,
    "arguments": _arguments,
    "registers": _arguments,
    "usdt": _probe,
    "perf_event": _shipped(PerfEvent),
    "xdp": _shipped(Xdp),
    "skb": _shipped(Skb),
    "bytes": _bytes,
}

_SHIPPED: dict[type, Mapping[str, ContextField]] = {
    Xdp: XDP_MD,
    Skb: SK_BUFF,
    PerfEvent: PERF_EVENT,
    Registers: REGISTERS,
}
"""The fields of each context class; those that the class does not name are not for programs."""


def field(frame: Frame, ctx: Ctx, name: str, span: Span) -> Val:
    """A field of the context."""
    if ctx.view in _SHIPPED:
        return _shipped_field(frame, ctx, ctx.view, name, span)
    kind = frame.program.kind
    if kind.context == "tracepoint":
        return context_field(frame.b, ctx, frame.program.target, name, span, frame.facts)
    if kind.context in ("arguments", "registers"):
        from kring.frontend import arguments

        return arguments.by_name(frame, ctx, name, span)
    refuse(
        span,
        f"the context of {article(kind.name)} program has no fields of its own",
        "annotate it with a class derived from `Struct`, which is what `ctx=` of run() is",
    )


def _shipped_field(frame: Frame, ctx: Ctx, view: type, name: str, span: Span) -> Val:
    where = _find(frame, view, name, span)
    if name == "packet":
        return Packet(ctx.pointer)
    if name == "regs":
        return Ctx(ctx.pointer, Registers)
    assert where is not None
    return load_int(frame.b, ctx.pointer, where.offset, IntType(where.size, big=where.big))


def _find(frame: Frame, view: Any, name: str, span: Span) -> ContextField | None:
    """Where a field lies, None for one that stands for more."""
    if name not in view.__annotations__:
        hint = did_you_mean(name, list(view.__annotations__))
        refuse(span, f"{view.__name__} has no field {name!r}. {hint}")
    kind = frame.program.kind
    if view is Skb and name in hidden(kind.type, kind.attach):
        refuse(span, f"the kernel keeps {name!r} from {kind.name} programs")
    return _SHIPPED[view].get(name)


def assign(frame: Frame, ctx: Ctx, name: str, val: Val, target: Span, source: Span) -> None:
    """Assign to a field of the context, if programs of this kind may."""
    kind = frame.program.kind
    allowed = writable(kind.type, kind.attach) if ctx.view is Skb else frozenset[str]()
    if ctx.view in _SHIPPED:
        _find(frame, ctx.view, name, target)
    if name not in allowed:
        others = [one for one in sorted(allowed) if one in Skb.__annotations__]
        notes = (
            [f"{article(kind.name)} program may assign to {', '.join(others)}"] if others else []
        )
        refuse(target, f"{name!r} is a read-only field of the context", *notes)
    where = SK_BUFF[name]
    num = frame.number(val, source)
    frame.b.span = source
    kind_of_field = IntType(where.size, big=where.big)
    check_constant(frame.b, f"Skb.{name}", kind_of_field, num)
    store_int(frame.b, ctx.pointer, where.offset, kind_of_field, num.value)


def read_number(frame: Frame, ctx: Ctx, name: str, span: Span) -> Num:
    """A field of the context that is about to be changed."""
    return frame.number(field(frame, ctx, name, span), span)
