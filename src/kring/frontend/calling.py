"""Calls in programs: which of the things that can be called one is of, and its arguments."""

from __future__ import annotations

import ast
import sys
from collections.abc import Hashable
from types import FunctionType
from typing import TYPE_CHECKING, cast

from kring.decl import atomic
from kring.decl.maps import MapDeclaration
from kring.decl.struct import Struct
from kring.frontend import packets
from kring.frontend.calls import CALLS, NAMED, Function, construct, methods
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.expressions import HELPERS, evaluate, map_of
from kring.frontend.frame import Decision, Frame, Pending
from kring.frontend.maps import a_kind, instead
from kring.frontend.texts import begins
from kring.frontend.values import Num, Packet, Static, Text, Val

if TYPE_CHECKING:
    from kring.decl.kfuncs import Kfunc


def call(frame: Frame, node: ast.Call) -> Val | Pending | Decision:
    """What a call stands for."""
    if isinstance(node.func, ast.Attribute):
        owner = evaluate(frame, node.func.value)
        if isinstance(owner, Packet):
            args = _arguments(frame, node)
            return packets.method(frame, owner, node.func.attr, args, frame.at(node))
        if isinstance(owner, Static) and isinstance(owner.object, MapDeclaration):
            return _method(frame, node, node.func)
        if isinstance(owner, Text):
            return _string_method(frame, owner, node, node.func.attr)
    function = evaluate(frame, node.func)
    span = frame.at(node)
    thing = function.object if isinstance(function, Static) else None
    if thing is print:
        from kring.frontend.printing import print_line

        return print_line(frame, node)
    build = _meaning(thing)
    if build is not None:
        return build(frame, _arguments(frame, node), span)
    if isinstance(thing, FunctionType) and thing.__module__ == HELPERS:
        from kring.frontend import helpers

        return helpers.call(frame, thing.__name__, node)
    if _declared(thing):
        from kring.frontend import kfuncs

        return kfuncs.call(frame, cast("Kfunc", thing), node)
    if isinstance(thing, type) and issubclass(thing, Struct):
        return _construct(frame, node, thing)
    if isinstance(thing, FunctionType):
        if thing.__module__ == atomic.__name__:
            from kring.frontend.atomics import call

            return call(frame, node, thing)
        if not _ours(thing):
            return frame.inline(frame, node, thing)
    name = ast.unparse(node.func)
    refuse(span, f"{name}() cannot be called in a program", *_CALL_CURES.get(name, ()))


def _meaning(thing: object) -> Function | None:
    """How a call of something that the language itself knows is built."""
    return CALLS.get(thing) if isinstance(thing, Hashable) else None


def _declared(thing: object) -> bool:
    """Whether it is a kernel function's stub; no program has one before its module is loaded."""
    module = sys.modules.get("kring.decl.kfuncs")
    return module is not None and isinstance(thing, module.Kfunc)


def _ours(function: FunctionType) -> bool:
    """Whether a function is one of kring's own, which mean nothing in a program."""
    return function.__module__.startswith("kring.") and not function.__module__.startswith(
        "kring.tools."
    )


_CALL_CURES = {
    "range": ("`range` is the head of a loop: `for i in range(n):`",),
    "max": ("write `a if a > b else b`",),
    "min": ("write `a if a < b else b`",),
    "abs": ("write `a if a >= 0 else -a`",),
    "divmod": ("write `a // b` and `a % b`",),
}


def _method(frame: Frame, node: ast.Call, func: ast.Attribute) -> Val | Pending:
    declaration, name = map_of(frame, func.value)
    span = frame.at(node)
    known = methods(type(declaration))
    if func.attr in known:
        named = NAMED.get(func.attr, ())
        args = _named_arguments(frame, node, named) if named else _arguments(frame, node)
        frame.at(node)
        return known[func.attr](frame, declaration, name, args, span)
    refuse(
        span,
        f"{a_kind(declaration)} has no {func.attr}() in programs. "
        f"{did_you_mean(func.attr, list(known))}",
        *instead(declaration, name),
    )


def _string_method(frame: Frame, text: Text, node: ast.Call, name: str) -> Decision:
    span = frame.at(node)
    if name != "startswith":
        refuse(
            span,
            f"a string has no .{name}() in a program",
            "it is compared with `==`, `!=` and `.startswith()`; do the rest where you read the "
            "records",
        )
    args = _arguments(frame, node)
    match args:
        case [Text("literal") as prefix]:
            b = frame.b
            return Decision(lambda then, otherwise: begins(b, text, prefix, then, otherwise))
        case _:
            refuse(span, 'startswith() takes one string known now: `.startswith("/usr")`')


def _named_arguments(frame: Frame, node: ast.Call, names: tuple[str, ...]) -> list[Val]:
    """The arguments of a call that takes them by name, in that order; 0 for those not given."""
    given: dict[str, Val] = {}
    for keyword in node.keywords:
        if keyword.arg not in names:
            hint = did_you_mean(keyword.arg or "**", list(names))
            refuse(frame.at(keyword), f"this call takes no such argument. {hint}")
        given[keyword.arg] = evaluate(frame, keyword.value)
    if node.args:
        refuse(frame.at(node.args[0]), f"this call takes named arguments: {', '.join(names)}")
    return [given.get(name) or Num(frame.b.const(0)) for name in names]


def _arguments(frame: Frame, node: ast.Call) -> list[Val]:
    if node.keywords:
        refuse(frame.at(node.keywords[0]), "this call takes no named arguments")
    return [evaluate(frame, arg) for arg in node.args]


def _construct(frame: Frame, node: ast.Call, struct: type[Struct]) -> Val:
    span = frame.at(node)
    if node.args:
        refuse(span, f"name the fields: {struct.__name__}(field=value, …)")
    listed = {
        keyword.arg: (evaluate(frame, keyword.value), frame.at(keyword))
        for keyword in node.keywords
        if keyword.arg is not None
    }
    return construct(frame, struct, listed, span)
