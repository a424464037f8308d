"""Functions called often: compiled once, and called from each place.

In: a call of a plain function that was chosen because its body, built in place of every call, took
much room. Out: a call of a function of the program's own. It takes integers and references; what
else it is given must be known now and is part of it. One that reaches beyond itself, because it
leaves the program, a block of its caller or the packet's cursor somewhere else, is built in place
after all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kring.frontend.builder import CURSOR, Builder
from kring.frontend.frame import Call, Frame
from kring.frontend.module import NotSeparate
from kring.frontend.values import Ctx, KernelPtr, Lock, Num, Ref, Static, Val
from kring.ir.core import LOCAL, Op, Span, Type, Value
from kring.record import record, replace

Given = tuple[Val, Span]
Build = Callable[[Frame, dict[str, Given]], None]
"""Binds the parameters and builds the body up to every return."""

_MOST_ARGUMENTS = 5
_DEEPEST = 7
"""Calls within calls, so that with the program itself there are 8. See: MAX_CALL_FRAMES."""


@record(eq=False)
class Called:
    """A function that is called: where it is defined, its local names, what it is given by
    parameter, and how its body is built."""

    function: Callable[..., Any]
    definition: Span
    local: frozenset[str]
    arguments: dict[str, Given]
    build: Build


@record
class Made:
    """A function of the program: `signed` says how its result is read, None that it has none."""

    name: str
    signed: bool | None


def call(frame: Frame, called: Called) -> Val | None:
    """What the call of a chosen function gives; None if it has to be built in place."""
    b = frame.b
    separate = b.separate
    span, function, given = b.span, called.function, [val for val, _ in called.arguments.values()]
    try:
        if any(isinstance(token, Lock) for token in b.held):
            raise NotSeparate
        shapes = tuple(_shape(b, val) for val in given)
        made = separate.made.get((function, shapes))
        if made is None:
            made = _make(frame, called)
            separate.made[function, shapes] = made
    except NotSeparate:
        separate.refused.add(function)
        separate.chosen.discard(function)
        return None
    passed = [value for val in given for value in _passed(b, val)]
    b.span = span
    result = b.emit(Op.CALL, *passed, imm=LOCAL + made.name)
    return Static(None) if made.signed is None else Num(result, made.signed)


def give(frame: Frame, val: Val) -> None:
    """Return from a function that is compiled apart."""
    b = frame.b
    match val:
        case Num(value, signed):
            b.returned.add(signed)
            b.ret(value)
        case Static(None):
            b.returned.add(None)
            b.ret(b.const(0))
        case _:
            raise NotSeparate


def _make(frame: Frame, called: Called) -> Made:
    outer, function = frame.b, called.function
    depth = sum(call.separate for call in frame.calls())
    if depth >= _DEEPEST:
        raise NotSeparate
    name = _free_name(function.__name__, outer)
    b = Builder(name, outer.module, called.definition, outer.carried, outer.separate)
    b.calls = (b.span,)
    call = Call(frame, function, outer.span, b.join(), b.held, True)
    inner = frame.called(b, called.definition.file, call, called.local)
    outer.separate.builders[name] = b
    given = {
        parameter: (_taken(b, val), span) for parameter, (val, span) in called.arguments.items()
    }
    try:
        if len(b.fn.entry.params) > _MOST_ARGUMENTS:
            raise NotSeparate
        called.build(inner, given)
        if len(b.returned) > 1 and None in b.returned:
            raise NotSeparate
    except NotSeparate:
        del outer.separate.builders[name]
        raise
    return Made(name, None if None in b.returned else False not in b.returned)


def _free_name(wanted: str, b: Builder) -> str:
    taken = {b.separate.program, *b.separate.builders}
    names = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)


def _shape(b: Builder, val: Val) -> tuple[object, ...]:
    """What must be the same for two calls to be of one function."""
    match val:
        case Num(_, signed):
            return (signed,)
        case Ref(pointer, struct, _, shared, copied):
            return struct, shared, copied, pointer.type.space
        case KernelPtr(pointer, struct, root, path, None):
            return struct, root, path, pointer.type.space
        case Ctx(_, view) if CURSOR not in b.env:
            return (view,)
        case Static(thing):
            return (id(thing),)
        case _:
            raise NotSeparate


def _passed(b: Builder, val: Val) -> list[Value]:
    match val:
        case Num(value) | KernelPtr(value) | Ctx(value):
            return [value]
        case Ref(pointer, _, offset):
            return [b.at(pointer, offset)]
        case _:
            return []


def _taken(b: Builder, val: Val) -> Val:
    """The parameter that stands for an argument in the function."""
    match val:
        case Num(_, signed):
            return Num(b.parameter(Type()), signed)
        case Ref(pointer):
            return replace(val, pointer=b.parameter(Type(pointer.type.space)), offset=0, at=None)
        case KernelPtr(pointer) | Ctx(pointer):
            return replace(val, pointer=b.parameter(Type(pointer.type.space)))
        case _:
            return val
