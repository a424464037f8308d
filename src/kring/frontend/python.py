"""Python statements → IR: `compile_program` is the front end's one entry.

The function's syntax tree is walked once, in order; a construct that is not part of the language
is refused at its own place, never skipped.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from kring.abi.uapi import ProgType
from kring.decl.inside import Discard
from kring.decl.kernel import Context, TracepointArgs
from kring.decl.maps import RingBuf
from kring.decl.packets import Xdp
from kring.decl.programs import Program
from kring.errors import CompileError
from kring.frontend import integers, packets, streams
from kring.frontend.assignments import assign, assign_operated, assign_typed, declare, delete_entry
from kring.frontend.builder import Builder, Module, Place, Separate, WidenLoop
from kring.frontend.conditions import condition
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of, number, unsupported
from kring.frontend.frame import Frame, Repeat, Transaction
from kring.frontend.functions import give, inline, outside
from kring.frontend.kernel import Formats
from kring.frontend.separate import worthwhile
from kring.frontend.source import assigned_names, outer_names, parse_function, span_of
from kring.frontend.values import Ctx, Gone, Num, Record, Static, Val
from kring.ir.core import Fn, Op, Space, Type


def compile_program(
    program: Program, module: Module, names: dict[int, str], formats: Formats | None = None
) -> Fn:
    """The IR of one program.

    `module` and `names` (a map's name by the identity of its declaration) are shared by the
    programs of a build; `formats` gives tracepoint formats for contexts that are not declared.

    Raises: CompileError at the place in the source.
    """
    function = program.function
    if not isinstance(function, FunctionType):
        raise CompileError(f"@{program.kind.name} marks a function; this is {function!r}")
    node, file = parse_function(function)
    if isinstance(node, ast.AsyncFunctionDef):
        refuse(span_of(file, node), "a program cannot wait", "write `def`, not `async def`")
    unsigned: set[tuple[Place, str]] = set()
    separate = Separate(program.name, set(), set())
    while True:
        separate = Separate(program.name, separate.chosen, separate.refused)
        b = Builder(program.name, module, span_of(file, node), unsigned, separate)
        b.parameter(Type(Space.CTX))
        local = frozenset([*assigned_names(*node.body), *(arg.arg for arg in node.args.args)])
        frame = Frame(b, file, program, outer_names(function), local, formats, names, _inline)
        try:
            _function(frame, node)
        except WidenLoop as loop:
            unsigned.add(loop.key)
            continue
        if more := worthwhile(separate):
            separate.chosen |= more
            continue
        b.fn.callees = separate.functions
        return b.fn


def _inline(frame: Frame, node: ast.Call, function: FunctionType) -> Val:
    return inline(frame, node, function, _body)


def _body(frame: Frame, statements: list[ast.stmt]) -> None:
    declare(frame, statements)
    block(frame, statements)


def _function(frame: Frame, node: ast.FunctionDef) -> None:
    if frame.program.kind.type is ProgType.XDP:
        packets.begin(frame.b)
    _context(frame, node)
    _body(frame, node.body)
    frame.b.ret(frame.b.const(0))


def _context(frame: Frame, node: ast.FunctionDef) -> None:
    args = [*node.args.posonlyargs, *node.args.args]
    if len(args) > 1 or node.args.vararg or node.args.kwonlyargs or node.args.kwarg:
        refuse(frame.at(args[-1] if args else node), "a program takes its context and nothing else")
    if not args:
        return
    (arg,) = args
    span = frame.at(arg)
    view: object = frame.annotation(arg.annotation) if arg.annotation else None
    if frame.program.kind.type is ProgType.XDP and view in (None, Context, Xdp):
        frame.b.env[arg.arg] = Ctx(frame.b.context, Xdp)
    elif view is None or view is Context:
        frame.b.env[arg.arg] = Ctx(frame.b.context, None)
    elif isinstance(view, type) and issubclass(view, TracepointArgs):
        frame.b.env[arg.arg] = Ctx(frame.b.context, view)
    else:
        annotation = arg.annotation or arg
        refuse(
            span,
            f"the context of a {frame.program.kind.name} program is not {ast.unparse(annotation)}",
            "annotate it with `Context` or with "
            + _VIEWS.get(frame.program.kind.type, "a class derived from `TracepointArgs`"),
        )


_VIEWS = {ProgType.XDP: "`Xdp`"}


def block(frame: Frame, statements: list[ast.stmt]) -> None:
    """Build statements in order; what no path reaches is not built."""
    for node in statements:
        if frame.b.block is None:
            return
        build = _STATEMENTS.get(type(node))
        if build is None:
            unsupported(frame, node)
        frame.at(node)
        build(frame, node)


# Control flow


def _expression(frame: Frame, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(frame, node.value)


def _if(frame: Frame, node: ast.If) -> None:
    b = frame.b
    then, otherwise, after = b.join(), b.join(), b.join()
    condition(frame, node.test, then, otherwise)
    for path, statements in ((then, node.body), (otherwise, node.orelse)):
        b.enter(path)
        block(frame, statements)
        b.jump(after)
    b.enter(after)


def _match(frame: Frame, node: ast.Match) -> None:
    from kring.frontend.patterns import compare_pattern

    b = frame.b
    subject = number(frame, node.subject)
    after = b.join()
    for case in node.cases:
        if frame.b.block is None:
            break
        matched, following = b.join(), b.join()
        compare_pattern(frame, case.pattern, subject, matched, following)
        b.enter(matched)
        if case.guard is not None and b.block is not None:
            holds = b.join()
            condition(frame, case.guard, holds, following)
            b.enter(holds)
        block(frame, case.body)
        b.jump(after)
        b.enter(following)
    b.jump(after)
    b.enter(after)


def _while(frame: Frame, node: ast.While) -> None:
    b = frame.b
    loop = b.loop(frame.at(node), assigned_names(node.test, *node.body))
    body, otherwise = b.join(), b.join()
    repeat = Repeat(b.join(), b.join())
    condition(frame, node.test, body, otherwise)
    b.enter(body)
    _repeat(frame, node.body, repeat)
    b.enter(repeat.next)
    b.again(loop)
    b.enter(otherwise)
    block(frame, node.orelse)
    b.jump(repeat.after)
    b.enter(repeat.after)


def _repeat(frame: Frame, statements: list[ast.stmt], repeat: Repeat) -> None:
    """The body of a loop, up to where it comes round."""
    frame.exits.append(repeat)
    block(frame, statements)
    frame.exits.pop()
    frame.b.jump(repeat.next)


def _for(frame: Frame, node: ast.For) -> None:
    b = frame.b
    if not isinstance(node.target, ast.Name):
        refuse(frame.at(node.target), "a loop counts with one variable: `for i in range(n):`")
    start, stop, step = _range(frame, node.iter)
    if frame.b.block is None:
        return
    counter = f"<counter of line {node.lineno}:{node.col_offset}>"
    b.env[counter] = start
    loop = b.loop(frame.at(node), [counter, *assigned_names(node.target, *node.body)])
    count = b.env[counter]
    assert isinstance(count, Num)
    body, otherwise = b.join(), b.join()
    repeat = Repeat(b.join(), b.join())
    below = "<" if step > 0 else ">"
    b.branch(integers.compare(b, below, count, stop), body, otherwise)
    b.enter(body)
    frame.bind(node.target.id, count)
    _repeat(frame, node.body, repeat)
    b.enter(repeat.next)
    if b.block is not None:
        b.env[counter] = Num(b.emit(Op.ADD, count.value, b.const(step)), count.signed)
    b.again(loop)
    b.enter(otherwise)
    block(frame, node.orelse)
    b.jump(repeat.after)
    b.enter(repeat.after)
    b.env.pop(counter, None)


def _range(frame: Frame, node: ast.expr) -> tuple[Num, Num, int]:
    """Start, stop and step of a `range(…)`."""
    match node:
        case ast.Call(ast.Name(name), args, []) if frame.outer.get(name) is range:
            numbers = [number(frame, arg) for arg in args]
        case _:
            refuse(frame.at(node), "a loop runs over `range(…)`", "write `for i in range(n):`")
    frame.at(node)
    match numbers:
        case [stop]:
            return Num(frame.b.const(0)), stop, 1
        case [start, stop]:
            return start, stop, 1
        case [start, stop, step]:
            known = integers.known(step)
            if not known or not known[0]:
                refuse(frame.at(args[2]), "the step is a constant other than 0")
            return start, stop, known[0]
        case _:
            refuse(frame.b.span, "range() takes 1 to 3 numbers")


def _return(frame: Frame, node: ast.Return) -> None:
    b = frame.b
    val = evaluate(frame, node.value) if node.value is not None else Static(None)
    span = frame.at(node.value or node)
    if frame.caller is not None:
        give(frame, val)
        return
    value = b.const(0) if val == Static(None) else frame.number(val, span).value
    frame.at(node)
    streams.close_all(b, frame.records(), "submit")
    b.ret(value)


def _break(frame: Frame, node: ast.Break) -> None:
    _go(frame, node, lambda repeat: frame.b.jump(repeat.after))


def _continue(frame: Frame, node: ast.Continue) -> None:
    _go(frame, node, lambda repeat: frame.b.jump(repeat.next))


def _go(frame: Frame, node: ast.stmt, jump: Callable[[Repeat], None]) -> None:
    for depth in range(len(frame.exits) - 1, -1, -1):
        repeat = frame.exits[depth]
        if isinstance(repeat, Repeat):
            streams.close_all(frame.b, frame.records(depth), "submit")
            jump(repeat)
            return
    unsupported(frame, node)


def _with(frame: Frame, node: ast.With) -> None:
    match node.items:
        case [
            ast.withitem(
                ast.Call(ast.Attribute(ring, "reserve"), [], []) as call,
                None | ast.Name() as target,
            )
        ]:
            declaration, name = map_of(frame, ring)
            span = frame.at(call)
            if not isinstance(declaration, RingBuf):
                kind = type(declaration).__name__
                refuse(span, f"only a RingBuf can reserve; {name!r} is a {kind}")
            found = cast("RingBuf[Any]", declaration)
            _transaction(frame, node.body, found, name, target.id if target else "")
        case _:
            refuse(
                frame.at(node.items[0].context_expr),
                "`with` opens one record of a ring buffer and nothing else",
                "write `with events.reserve() as e:`; nest the blocks for two records",
            )


def _transaction(
    frame: Frame, statements: list[ast.stmt], ring: RingBuf[Any], name: str, variable: str
) -> None:
    b = frame.b
    maybe = streams.reserve(b, ring, name)
    record = maybe.inner
    assert isinstance(record, Record)
    span = b.span
    reserved, full, after = b.join(), b.join(), b.join()
    b.branch(maybe.present, reserved, full)
    b.enter(full)
    streams.count_missing(b, record)
    b.env[variable] = Gone(span, "reserved for its block only")
    b.jump(after)
    b.enter(reserved)
    streams.open_record(b, record)
    b.env[variable] = record
    frame.exits.append(Transaction(record, after))
    block(frame, statements)
    frame.exits.pop()
    if b.block is not None:
        b.span = span
        streams.close(b, record, "submit")
        b.jump(after)
    b.enter(after)


def _raise(frame: Frame, node: ast.Raise) -> None:
    what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    val = evaluate(frame, what) if what is not None else Static(None)
    span = frame.at(node)
    if not (isinstance(val, Static) and val.object is Discard):
        refuse(span, "a program raises `Discard` and nothing else", "leave it with `return`")
    b = frame.b
    inside = b.env
    for level in (frame, *(call.frame for call in frame.calls())):
        for transaction in reversed(level.exits):
            if isinstance(transaction, Transaction):
                streams.close(b, transaction.record, "discard")
                b.jump(transaction.after)
                b.env = inside
                return
        level.stay_inside()
        b.env = outside(b.env)
    refuse(span, "`Discard` drops the record of a `with …reserve()` block; this is outside one")


def _assert(frame: Frame, node: ast.Assert) -> None:
    b = frame.b
    frame.stay_inside()
    for call in frame.calls():
        call.frame.stay_inside()
    holds, fails = b.join(), b.join()
    condition(frame, node.test, holds, fails)
    b.enter(fails)
    if b.block is not None:
        streams.close_all(b, frame.all_records(), "discard")
        b.ret(b.const(0))
    b.enter(holds)


def _pass(frame: Frame, node: ast.Pass) -> None:
    """Nothing to build."""


_STATEMENTS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {
    ast.Assign: assign,
    ast.AnnAssign: assign_typed,
    ast.AugAssign: assign_operated,
    ast.Delete: delete_entry,
    ast.Expr: _expression,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.With: _with,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Match: _match,
    ast.Pass: _pass,
}
