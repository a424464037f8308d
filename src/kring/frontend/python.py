"""Python statements → IR: `compile_program` is the front end's one entry.

The function's syntax tree is walked once, in order; a construct that is not part of the language
is refused at its own place, never skipped.
"""

from __future__ import annotations

import ast
from functools import partial
from types import FunctionType

from kring.decl.programs import Program
from kring.errors import CompileError
from kring.frontend import contexts, results
from kring.frontend.assignments import assign, assign_operated, assign_typed, declare, delete_entry
from kring.frontend.blocks import BLOCKS
from kring.frontend.builder import Builder, Carried, WidenLoop
from kring.frontend.calling import call
from kring.frontend.conditions import condition
from kring.frontend.diagnose import combined, refuse
from kring.frontend.expressions import EXPRESSIONS, evaluate
from kring.frontend.frame import Frame
from kring.frontend.functions import give, inline
from kring.frontend.kernel import Facts
from kring.frontend.loops import LOOPS
from kring.frontend.module import Module, Separate
from kring.frontend.recovery import recover, report, save
from kring.frontend.source import assigned_names, outer_names, parse_function, span_of
from kring.frontend.statements import STATEMENTS, block
from kring.frontend.values import Poison, Static, Val
from kring.ir.core import Fn, Space, Type


def compile_program(
    program: Program, module: Module, names: dict[int, str], facts: Facts | None = None
) -> Fn:
    """The IR of one program.

    `module` and `names` (a map's name by the identity of its declaration) are shared by the
    programs of a build; `facts` are what the running kernel says of the hooks, if it was asked.

    Raises: CompileError at the place in the source, with the others found; all of them are in
    `module.errors` too.
    """
    before, refused = len(module.errors), module.refused
    try:
        fn = _compile(program, module, names, facts)
    except CompileError as error:
        module.errors.append(error)
    except Exception:
        # What is built after a refusal is built for its errors only.
        if len(module.errors) == before and module.refused == refused:
            raise
    else:
        if len(module.errors) == before and module.refused == refused:
            return fn
    # An error in a function that two programs call is reported once.
    raise combined(module.errors[before:] or module.errors)


def _compile(program: Program, module: Module, names: dict[int, str], facts: Facts | None) -> Fn:
    function = program.function
    if not isinstance(function, FunctionType):
        raise CompileError(f"@{program.kind.name} marks a function; this is {function!r}")
    node, file = parse_function(function)
    if isinstance(node, ast.AsyncFunctionDef):
        refuse(span_of(file, node), "a program cannot wait", "write `def`, not `async def`")
    carried: set[Carried] = set()
    separate = Separate(program.name, set(), set())
    reach = 0
    before, refused = len(module.errors), module.refused
    while True:
        separate = Separate(program.name, separate.chosen, separate.refused)
        b = Builder(program.name, module, span_of(file, node), carried, separate)
        b.reach = reach
        b.parameter(Type(Space.CTX))
        local = frozenset([*assigned_names(*node.body), *(arg.arg for arg in node.args.args)])
        frame = Frame(b, file, program, outer_names(function), local, facts, names, _inline)
        try:
            _function(frame, node)
        except WidenLoop as loop:
            carried.add(loop.key)
            del module.errors[before:]
            module.refused = refused
            continue
        if module.refused > refused:
            return b.fn
        more = separate.worthwhile()
        if more or b.reach > reach:
            separate.chosen |= more
            reach = b.reach
            continue
        b.fn.callees = {name: one.fn for name, one in separate.builders.items()}
        for one in (b, *separate.builders.values()):
            if one.whiles:
                from kring.frontend.endless import endless

                module.errors += endless(one)
        return b.fn


def _inline(frame: Frame, node: ast.Call, function: FunctionType) -> Val:
    return inline(frame, node, function, _body)


def _body(frame: Frame, statements: list[ast.stmt]) -> None:
    declare(frame, statements)
    block(frame, statements)


def _function(frame: Frame, node: ast.FunctionDef) -> None:
    try:
        contexts.bind(frame, node)
    except CompileError as error:
        report(frame, error)
        frame.b.env.update({arg.arg: Poison() for arg in node.args.args})
    _body(frame, node.body)
    try:
        results.end(frame, node)
    except CompileError as error:
        report(frame, error)


# Control flow


def _expression(frame: Frame, node: ast.Expr) -> None:
    if not isinstance(node.value, ast.Constant):
        evaluate(frame, node.value)


def _if(frame: Frame, node: ast.If) -> None:
    """`if`; each `elif` is one more turn and not one more level."""
    b = frame.b
    after, state = b.join(), None
    while frame.b.block is not None:
        then, otherwise = b.join(), b.join()
        try:
            condition(frame, node.test, then, otherwise)
        except CompileError as error:
            if state is None:
                raise
            recover(frame, state, node, error, block)
            break
        b.enter(then)
        block(frame, node.body)
        b.jump(after, partial(_way, node, "true"))
        b.enter(otherwise)
        if not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
            block(frame, node.orelse)
            break
        node = node.orelse[0]
        state = save(frame) if b.block is not None else None
    b.jump(after, partial(_way, node, "false"))
    b.enter(after)


def _way(node: ast.If, truth: str) -> str:
    test = ast.unparse(node.test)
    return f"where `{test}` is {truth} (line {node.lineno})"


def _match(frame: Frame, node: ast.Match) -> None:
    from kring.frontend.patterns import compare_pattern, subject_of

    b = frame.b
    subject = subject_of(frame, node)
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


def _return(frame: Frame, node: ast.Return) -> None:
    b = frame.b
    val = evaluate(frame, node.value) if node.value is not None else Static(None)
    span = frame.at(node.value or node)
    if frame.caller is not None:
        give(frame, val)
        return
    value = results.result(frame, val, span)
    frame.at(node)
    frame.leave("submit")
    b.ret(value)


def _pass(frame: Frame, node: ast.Pass) -> None:
    """Nothing to build."""


EXPRESSIONS[ast.Call] = call
STATEMENTS.update(
    {
        ast.Assign: assign,
        ast.AnnAssign: assign_typed,
        ast.AugAssign: assign_operated,
        ast.Delete: delete_entry,
        ast.Expr: _expression,
        ast.If: _if,
        ast.Return: _return,
        ast.Match: _match,
        ast.Pass: _pass,
        **BLOCKS,
        **LOOPS,
    }
)
