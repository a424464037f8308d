"""Calls of helpers by name: arguments checked by the kernel's prototype, results taken.

In:  a call of a function of `kring.helpers`.
Out: the call of the helper, after each argument was found to be what its kind says.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from kring.abi.helpers import ACQUIRES, CHANGES_PACKET, HELPERS, Helper
from kring.decl.kernel import KernelStruct
from kring.decl.structs import task_struct
from kring.frontend import packets
from kring.frontend.builder import CURSOR
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame, Pending
from kring.frontend.given import Call, argument, check_format
from kring.frontend.leases import give_back, lease
from kring.frontend.maps import value_at
from kring.frontend.permits import check_meant, check_use
from kring.frontend.values import Gone, KernelPtr, Maybe, Num, Ref, Static, Val, parts
from kring.ir.core import Space, Span, Value


def call(frame: Frame, name: str, node: ast.Call) -> Val | Pending:
    """What a call of the helper gives."""
    span, helper = frame.at(node), HELPERS[name]
    check_meant(helper, span)
    check_use(frame.program.kind, helper, span)
    if node.keywords:
        refuse(frame.at(node.keywords[0]), "this call takes no named arguments")
    if len(node.args) != len(helper.args):
        listed = f" ({', '.join(helper.params)})" if helper.params else ""
        many = f"{len(helper.args)} argument{'s' * (len(helper.args) != 1)}"
        refuse(span, f"{name}() takes {many}{listed}, not {len(node.args)}")
    result = _result_of(frame, helper, span)
    made = Call(frame, helper, span)
    for at, (kind, arg) in enumerate(zip(helper.args, node.args, strict=True)):
        made.values.append(argument(made, at, kind, arg))
    frame.b.span = span
    if name == "snprintf":
        check_format(made)
    value = frame.b.call(name, *made.values)
    if made.token is not None:
        give_back(frame.b, made.token, span)
    if name in CHANGES_PACKET:
        _forget_packet(frame, name, span)
    return result(made, value)


# Results

_Result = Callable[[Call, Value], "Val | Pending"]


def _result_of(frame: Frame, helper: Helper, span: Span) -> _Result:
    """How the result is taken; a pointer to a struct that no class shows is refused."""
    match helper.result:
        case "int" | "kernel":
            return lambda _, value: Num(value)
        case "uint":
            return lambda _, value: Num(value, signed=False)
        case "void":
            return lambda _, __: Static(None)
        case "value":
            return lambda made, value: _map_value(made, value)
        case "value?":
            return lambda made, value: Pending(value, lambda: _map_value(made, value))
        case "btf" | "btf?":
            struct = _class_of(frame, helper, span)
            if helper.result == "btf":
                return lambda _, value: KernelPtr(value, struct)
            if helper.name in ACQUIRES:
                return lambda made, value: _leased(made, KernelPtr(value, struct))
            return lambda _, value: Pending(value, lambda: KernelPtr(value, struct))
        case other:
            raise TypeError(other)


def _leased(made: Call, pointer: KernelPtr) -> Maybe:
    """An object that must be given back where it is not None."""
    name, b = made.helper.name, made.frame.b
    end = ACQUIRES[name]
    return lease(b, pointer, name, f"helpers.{end}", lambda value: b.call(end, value))


def _map_value(made: Call, pointer: Value) -> Num | Ref:
    assert made.map is not None
    return value_at(made.frame.b, made.map[0], pointer)


def _class_of(frame: Frame, helper: Helper, span: Span) -> type[KernelStruct]:
    own = frame.outer.get(helper.struct)
    if isinstance(own, type) and issubclass(own, KernelStruct):
        return own
    if helper.struct == task_struct.__name__:
        return task_struct
    refuse(
        span,
        f"{helper.name}() returns a {helper.struct}, which this file does not declare",
        f"declare `class {helper.struct}(KernelStruct):` with the fields you use",
    )


def _forget_packet(frame: Frame, name: str, span: Span) -> None:
    """The packet may lie elsewhere now: headers read before are gone, reading begins anew."""
    b = frame.b
    for variable, val in b.env.items():
        if any(value.type.space is Space.PACKET for value in parts(val)):
            b.env[variable] = Gone(span, f"left behind by {name}()", "header")
    if CURSOR in b.env:
        packets.begin(frame)
