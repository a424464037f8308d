"""The kernel functions that programs are part of, as the kernel's types describe them.

In: the kernel's types, a program's kind and its target. Out: the id that loading asks for, and the
parameters. A tracepoint is a typedef `btf_trace_NAME` of a function without names for its
parameters; `__probestub_NAME` and `__bpf_trace_NAME` have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from errno import ENOENT

from kring.abi.programs import Kind, Parameter
from kring.abi.uapi import ProgType
from kring.btf.blob import Btf
from kring.btf.types import Composite, Enum, Func, FuncProto, Int, Modifier, Ptr
from kring.btf.types import Kind as BtfKind
from kring.errors import AttachError, NotSupported
from kring.spelling import suggestion

_TRACEPOINT = "btf_trace_"
_NAMED = ("__probestub_", "__bpf_trace_")


def function_id(btf: Btf | None, kind: Kind, target: str) -> int:
    """What names the program's function at load.

    Raises: AttachError if there is none, NotSupported without kernel types.
    """
    if btf is None:
        raise NotSupported(
            f"{kind.name} programs name their function by the kernel's types (BTF), and this"
            " kernel has none"
        )
    found = _find(btf, kind, target)
    if found is None:
        what = "raw tracepoint" if kind.function == _TRACEPOINT else "kernel function"
        hook = f"{kind.function}{target}" if kind.type == ProgType.LSM else target
        raise AttachError(
            f"no {what} {hook} in {btf.where}.{_suggestion(btf, kind, target)}", ENOENT
        )
    return found


def parameters(btf: Btf | None, kind: Kind, target: str) -> Sequence[Parameter] | None:
    """The function's parameters, and for programs at its return its result behind them; None if
    the types do not say."""
    found = None if btf is None else _find(btf, kind, target)
    if btf is None or found is None:
        return None
    proto = _prototype(btf, found)
    rows = list(proto.params)
    if kind.function == _TRACEPOINT:
        # What the tracepoint's user registered with it comes first.
        rows = [*_named(btf, target, rows)][1:]
    listed = [_parameter(btf, name or f"arg{at}", id) for at, (name, id) in enumerate(rows)]
    if not kind.returns:
        return listed
    result = [_parameter(btf, "ret", proto.ret)] if btf.strip(proto.ret) else []
    return [*listed, *result] if kind.context == "arguments" else result


def _find(btf: Btf, kind: Kind, target: str) -> int | None:
    wanted = BtfKind.TYPEDEF if kind.function == _TRACEPOINT else BtfKind.FUNC
    return btf.find(f"{kind.function}{target}", wanted)


def _prototype(btf: Btf, id: int) -> FuncProto:
    """The type behind a function, or behind a typedef of a pointer to one."""
    type = btf[id]
    while not isinstance(type, FuncProto):
        assert isinstance(type, Func | Modifier | Ptr)
        type = btf[type.type]
    return type


def _named(btf: Btf, target: str, rows: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The parameters with their names, where a function of the tracepoint's has them."""
    for prefix in _NAMED:
        found = btf.find(prefix + target, BtfKind.FUNC)
        if found is not None:
            named = list(_prototype(btf, found).params)
            if len(named) == len(rows):
                return named
    return rows


def _parameter(btf: Btf, name: str, id: int) -> Parameter:
    bare = btf.strip(id)
    match btf[bare]:
        case Ptr(inner):
            pointee = btf.strip(inner)
            spelled = f"{_spelled(btf, inner)} *"
            struct = btf.name(pointee) if btf.kind(pointee) == BtfKind.STRUCT else ""
            return Parameter(name, spelled, struct)
        case Int() as number:
            return Parameter(name, _spelled(btf, id), size=number.size, signed=number.signed)
        case Enum() as enum:
            return Parameter(name, _spelled(btf, id), size=enum.size)
        case _:
            return Parameter(name, _spelled(btf, id))


def _spelled(btf: Btf, id: int) -> str:
    """A type as C spells it, less its qualifiers."""
    while not btf.name(id) and isinstance(type := btf[id], Modifier):
        id = type.type
    match btf[id]:
        case Composite() as composite:
            return f"{'union' if composite.is_union else 'struct'} {composite.name}"
        case Enum():
            return f"enum {btf.name(id)}"
        case Ptr(inner):
            return f"{_spelled(btf, inner)} *"
        case _:
            return btf.name(id) or "void"


def _suggestion(btf: Btf, kind: Kind, target: str) -> str:
    return suggestion(target, _names(btf, kind.function or "", target[:2]), quote="")


def _names(btf: Btf, prefix: str, begin: str) -> Iterator[str]:
    """Names among the types that have the prefix, and if that is empty begin alike."""
    same = "" if prefix else re.escape(begin)
    pattern = rf"\0{prefix}({same}\w+)(?=\0)".encode()
    for found in re.finditer(pattern, btf.data):
        yield found[1].decode()
