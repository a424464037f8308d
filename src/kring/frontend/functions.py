"""Python functions that a program calls, built in place of the call.

In: a call of a plain function. Out: the value it returns, after its body was built in a frame of
its own: its own file, globals, closure and locals. The caller's variables wait under names that no
source can spell, so that what happens to them on the way, a record submitted say, is not lost.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import FunctionType

from kring.decl.maps import MapDeclaration
from kring.decl.types import IntType, int_type
from kring.errors import CompileError
from kring.frontend.builder import CURSOR, Builder
from kring.frontend.diagnose import did_you_mean, refuse
from kring.frontend.expressions import evaluate, map_of, static
from kring.frontend.frame import Call, Frame, cure
from kring.frontend.integers import truncate
from kring.frontend.memory import check_constant
from kring.frontend.source import assigned_names, parse_function, span_of
from kring.frontend.values import (
    KernelPtr,
    Maybe,
    Mixed,
    Num,
    Poison,
    Record,
    Static,
    Val,
    describe,
)
from kring.ir.core import Span, Value
from kring.record import replace

Body = Callable[[Frame, list[ast.stmt]], None]
Given = tuple[Val, Span]

_GENERATOR, _WAITING = 0x20, 0x80 | 0x100 | 0x200
"""CO_GENERATOR, and CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR."""
_RETURNED = "<returned>"
_THERE = "<there>"
"""1 on paths that return something, 0 on those that return None."""


def inline(frame: Frame, node: ast.Call, function: FunctionType, body: Body) -> Val:
    """What a call returns; `body` builds the function's statements."""
    span = frame.at(node)
    definition, file = _definition(frame, function, span)
    arguments = _arguments(frame, node, definition, function)
    local = frozenset([*assigned_names(*definition.body), *arguments])
    b = frame.b

    def build(inner: Frame, given: dict[str, Given]) -> None:
        _bind(inner, definition, given)
        try:
            body(inner, definition.body)
            if inner.b.block is not None:
                give(inner, Static(None))
        except CompileError as error:
            assert inner.caller is not None
            raise called(error, inner.caller) from None

    if function in b.separate.chosen:
        from kring.frontend import separate

        place = span_of(file, definition)
        apart = separate.Called(function, place, local, arguments, build)
        made = separate.call(frame, apart)
        if made is not None:
            return made
    call = Call(frame, function, span, b.join(), b.held)
    before, size = b.env, b.fn.ids
    b.env = {_hidden(name): val for name, val in before.items()}
    b.calls = (*b.calls, span)
    build(frame.called(b, file, call, local), arguments)
    b.calls = b.calls[:-1]
    b.separate.sizes.setdefault(function, []).append(b.fn.ids - size)
    return _result(frame, call, before)


def called(error: CompileError, call: Call) -> CompileError:
    """The error, with a note that says where the function that it is in is called."""
    file, span = call.frame.file, call.span
    inside = call.function.__code__.co_filename == file
    where = f"line {span.line}" if inside else f"line {span.line} of {file}"
    note = f"{call.function.__name__}() is called on {where}"
    error.notes = (*error.notes, note)
    error.add_note(f"  {note}")
    return error


def give(frame: Frame, val: Val) -> None:
    """Return from a called function, ending the records of its open blocks."""
    b, call = frame.b, frame.caller
    assert call is not None
    if frame.result is not None:
        num = frame.number(val, b.span)
        check_constant(b, f"what {call.function.__name__}() returns", frame.result, num)
        val = truncate(b, num, frame.result)
    b.env[_RETURNED] = replace(val, written=False) if isinstance(val, Num) else val
    frame.leave("submit")
    _lose_none(frame, call, b.env[_RETURNED])
    if call.separate:
        from kring.frontend import separate

        separate.give(frame, val)
    else:
        _leave(b, call)


def give_up(frame: Frame) -> None:
    """Return from a called function after its `return` was refused."""
    b, call = frame.b, frame.caller
    assert call is not None
    b.env[_RETURNED] = Poison()
    _leave(b, call)


def _leave(b: Builder, call: Call) -> None:
    """Go on after the call with what is to be returned."""
    inside = b.env
    returned = inside[_RETURNED]
    b.env = outside(b.env)
    b.env[_RETURNED] = returned
    b.env[_THERE] = Num(b.const(0 if returned == Static(None) else 1))
    b.jump(call.after)
    b.env = inside


def outside(env: dict[str, Val]) -> dict[str, Val]:
    """The variables of the caller, of those of a function built in place."""
    found = {name[1:]: val for name, val in env.items() if name.startswith("^")}
    return found | {CURSOR: env[CURSOR]} if CURSOR in env else found


def _hidden(name: str) -> str:
    """The name under which a variable waits; the packet's cursor goes along into the call."""
    return name if name == CURSOR else f"^{name}"


def _held(val: Val) -> bool:
    """Whether it must be ended, or given back."""
    return isinstance(val, Record) or (isinstance(val, KernelPtr) and val.token is not None)


# The function and its parameters


def _definition(frame: Frame, function: FunctionType, span: Span) -> tuple[ast.FunctionDef, str]:
    """The function's syntax tree, if it can be part of a program."""
    name, code = function.__name__, function.__code__
    chain = [call.function for call in frame.calls()]
    if function in chain:
        names = [one.__name__ for one in chain[: chain.index(function) + 1]]
        cycle = " → ".join(f"{one}()" for one in [*reversed(names), name])
        refuse(span, f"{name}() calls itself: {cycle}", "a program cannot recurse; write a loop")
    if code.co_name == "<lambda>":
        refuse(span, "a lambda cannot be called in a program", "write a function with `def`")
    if code.co_flags & _WAITING:
        refuse(span, f"{name}() is async, and a program cannot wait", "write it with `def`")
    if code.co_flags & _GENERATOR:
        refuse(span, f"{name}() is a generator, and a program cannot yield", "let it return")
    if code.co_name != name or hasattr(function, "__wrapped__"):
        refuse(span, f"{name}() is wrapped by a decorator", "call the plain function")
    try:
        definition, file = parse_function(function)
    except CompileError as error:
        refuse(span, error.msg)
    assert isinstance(definition, ast.FunctionDef)
    if definition.args.vararg or definition.args.kwarg:
        star = "*" if definition.args.vararg else "**"
        refuse(
            span,
            f"{name}() takes any number of arguments (`{star}…`), and a program knows each",
            "give it named parameters",
        )
    return definition, file


def _arguments(
    frame: Frame, node: ast.Call, definition: ast.FunctionDef, function: FunctionType
) -> dict[str, Given]:
    """Each parameter's value and place, evaluated in the order of the call."""
    name, span = function.__name__, frame.at(node)
    positional = [arg.arg for arg in (*definition.args.posonlyargs, *definition.args.args)]
    by_name = [arg.arg for arg in (*definition.args.args, *definition.args.kwonlyargs)]
    given = [_argument(frame, arg) for arg in node.args]
    if len(given) > len(positional):
        many = f"{len(positional)} argument{'s' * (len(positional) != 1)}"
        refuse(span, f"{name}() takes {many}, not {len(given)}")
    found = dict(zip(positional, given, strict=False))
    for keyword in node.keywords:
        at = frame.at(keyword)
        if keyword.arg is None:
            refuse(at, "a program has no dicts to unpack", "pass the arguments one by one")
        if keyword.arg not in by_name:
            hint = did_you_mean(keyword.arg, by_name)
            refuse(at, f"{name}() has no parameter {keyword.arg!r}. {hint}")
        if keyword.arg in found:
            refuse(at, f"{name}() is given {keyword.arg!r} twice")
        found[keyword.arg] = _argument(frame, keyword.value)
    frame.at(node)
    for parameter, default in _defaults(definition, function):
        if parameter not in found:
            found[parameter] = static(frame, default), span
    missing = [repr(one) for one in dict.fromkeys((*positional, *by_name)) if one not in found]
    if missing:
        refuse(span, f"{name}() is called without {' and '.join(missing)}")
    return found


def _argument(frame: Frame, node: ast.expr) -> Given:
    val = evaluate(frame, node)
    span = frame.at(node)
    if isinstance(val, Static) and isinstance(val.object, MapDeclaration):
        # Named here, where it has the name of its variable and not of a parameter.
        map_of(frame, node)
    if isinstance(val, Maybe) and _held(val.inner):
        refuse(
            span, f"this is {describe(val)}; a function takes it when it is there", *cure(val, span)
        )
    return val, span


def _defaults(definition: ast.FunctionDef, function: FunctionType) -> Iterator[tuple[str, object]]:
    names = [arg.arg for arg in (*definition.args.posonlyargs, *definition.args.args)]
    values = function.__defaults__ or ()
    if values:
        yield from zip(names[-len(values) :], values, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _bind(frame: Frame, definition: ast.FunctionDef, given: dict[str, Given]) -> None:
    """Give the parameters their values; those of an integer type hold what the type can."""
    args = definition.args
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        if (kind := _int_type(frame, arg.annotation)) is not None:
            frame.declared[arg.arg] = kind
        val, frame.b.span = given[arg.arg]
        frame.bind(arg.arg, val)
    frame.result = _int_type(frame, definition.returns)


def _int_type(frame: Frame, annotation: ast.expr | None) -> IntType | None:
    if annotation is None:
        return None
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _int_type(frame, _quoted(frame, annotation, annotation.value))
    return int_type(frame.annotation(annotation))


def _quoted(frame: Frame, node: ast.Constant, text: str) -> ast.expr:
    try:
        parsed = ast.parse(text, mode="eval").body
    except SyntaxError:
        refuse(frame.at(node), "this annotation cannot be evaluated")
    for inner in ast.walk(parsed):
        ast.copy_location(inner, node)
    return parsed


# The result


def _lose_none(frame: Frame, call: Call, returned: Val) -> None:
    """Refuse to return with a record that is neither ended nor returned."""
    kept = returned.inner if isinstance(returned, Maybe) else returned
    token = kept.token if isinstance(kept, Record | KernelPtr) else None
    for held in frame.b.held - frame.b.forgiven - call.held - {token}:
        refuse(
            frame.b.span,
            f"{held.text()} on line {held.span.line} is lost when {call.function.__name__}() "
            "returns here",
            f"{held.end} on this path first",
        )


def _result(frame: Frame, call: Call, before: dict[str, Val]) -> Val:
    b = frame.b
    _perhaps([env for _, env, _, _ in call.after.paths])
    b.enter(call.after)
    frame.b.span = call.span
    if b.block is None:
        b.env = before
        return Num(b.const(0))
    val = b.env.pop(_RETURNED)
    if isinstance(val, Mixed):
        refuse(
            call.span,
            f"{call.function.__name__}() returns {val.one} on one path and {val.other} on another",
            "return one kind of thing; an integer or None is possible",
        )
    return val


def _perhaps(envs: list[dict[str, Val]]) -> None:
    """Where some paths return an integer and others None, make it an integer or None on all."""
    there = [env.pop(_THERE) for env in envs]
    vals = [env[_RETURNED] for env in envs]
    numbers = [num for val in vals if (num := _number(val)) is not None]
    if not numbers or len(numbers) + vals.count(Static(None)) < len(vals):
        return
    if all(isinstance(val, Num) for val in vals):
        return
    signed = all(num.signed for num in numbers)
    for env, val, flag in zip(envs, vals, there, strict=True):
        assert isinstance(flag, Num)
        env[_RETURNED] = _maybe(val, flag.value, signed)


def _number(val: Val) -> Num | None:
    inner = val.inner if isinstance(val, Maybe) else val
    return inner if isinstance(inner, Num) else None


def _maybe(val: Val, flag: Value, signed: bool) -> Maybe:
    present = val.present if isinstance(val, Maybe) else flag
    num = _number(val)
    return Maybe(present, Num(flag if num is None else num.value, signed))
