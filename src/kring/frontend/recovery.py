"""After a statement was refused: where compilation goes on, to find what else is wrong.

In:  the state before the statement, and the error.
Out: `Module.errors` grown by it, and a state in which the next statement can be built.
Rule: what follows from an error is not reported. What the statement would have bound is `Poison`,
and so is what it may have been about to compare or end; a statement that uses such a value fails
without a word (`Follows`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, cast

from kring.decl.maps import Stream
from kring.decl.struct import Struct
from kring.errors import CompileError
from kring.frontend.builder import Env
from kring.frontend.diagnose import Follows
from kring.frontend.frame import Frame, Repeat, Transaction
from kring.frontend.functions import called, give_up
from kring.frontend.source import assigned_names, span_of
from kring.frontend.values import (
    Gone,
    KernelPtr,
    Maybe,
    Mixed,
    Nothing,
    Poison,
    Record,
    Ref,
    Token,
    Unbound,
    Val,
)
from kring.ir.core import Block, Span
from kring.record import record

_UNSURE = Maybe | Nothing | Mixed | Gone | Unbound
"""Values that a refused statement may have been about to settle."""


@record
class State:
    """What the builder and the frame held before a statement."""

    block: Block
    env: Env
    held: frozenset[Token]
    calls: tuple[Span, ...]
    depth: int
    built: int


def save(frame: Frame) -> State:
    """The state to go back to if the next statement is refused."""
    b = frame.b
    assert b.block is not None
    frame.built += 1
    return State(b.block, dict(b.env), b.held, b.calls, len(frame.exits), frame.built)


def report(frame: Frame, error: CompileError) -> None:
    """Keep an error, once for each place in the source; what follows from one is not kept."""
    errors = frame.b.module.errors
    frame.b.module.refused += 1
    place = error.filename, error.lineno, error.offset
    known = [(one.filename, one.lineno, one.offset) for one in errors]
    if isinstance(error, Follows) or place in known:
        return
    for call in frame.calls():
        error = called(error, call)
    errors.append(error)


def recover(
    frame: Frame,
    state: State,
    node: ast.stmt,
    error: CompileError,
    build: Callable[[Frame, list[ast.stmt]], None],
) -> None:
    """Report an error, and go on after the statement, whose own blocks `build` still builds if
    what leads to them was refused."""
    report(frame, error)
    if frame.built == state.built:
        for statements in _bodies(node):
            _restore(frame, state)
            _distrust(frame, _head(node))
            if (block := _exit(frame, node)) is not None:
                frame.exits.append(block)
            build(frame, statements)
    _restore(frame, state)
    _distrust(frame, [node])
    for enclosing in frame.exits:
        if isinstance(enclosing, Repeat):
            enclosing.after.failed = True
            enclosing.after.spoiled |= {*assigned_names(node)}
    match node:
        case ast.Return() if frame.caller is not None:
            give_up(frame)
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            frame.b.block = None
        case _:
            pass  # the path goes on


def _restore(frame: Frame, state: State) -> None:
    b = frame.b
    b.block = state.block
    if state.block.end is not None:
        b.block = b.fn.block()
        b.fn.blocks.append(b.block)
    b.env, b.held, b.calls = dict(state.env), state.held, state.calls
    del frame.exits[state.depth :]
    b.failed = True


def _distrust(frame: Frame, nodes: list[ast.AST]) -> None:
    """Know no more of what the code binds, or mentions and may have settled."""
    b = frame.b
    mentioned = [*_mentioned(nodes)]
    missing = {name for name, _ in mentioned if name not in frame.local | frame.outer.keys()}
    frame.unknown |= missing
    if missing:
        # Whatever the misspelled name was to be.
        mentioned += [(name, False) for name in b.env]
    for name, only_field in mentioned:
        val = b.env.get(name)
        if isinstance(val, _UNSURE) or not only_field:
            b.forgiven.update(_tokens(val))
        if isinstance(val, _UNSURE):
            b.env[name] = Poison()
    for name in _bound(nodes):
        b.env[name] = Poison()
        if name not in frame.local:
            frame.unknown.add(name)


def _bound(nodes: list[ast.AST]) -> Iterator[str]:
    """The names that code would bind, in ways that are no part of the language too."""
    yield from assigned_names(*nodes)
    for node in (inner for top in nodes for inner in ast.walk(top)):
        match node:
            case ast.Global(names) | ast.Nonlocal(names):
                yield from names
            case ast.Import(aliases) | ast.ImportFrom(_, aliases):
                yield from (alias.asname or alias.name for alias in aliases)
            case ast.FunctionDef(name) | ast.ClassDef(name):
                yield name
            case _:
                pass  # binds nothing


def _mentioned(nodes: list[ast.AST]) -> Iterator[tuple[str, bool]]:
    """The names that code reads, and whether only a field of what they mean."""
    for top in nodes:
        inner = [*ast.walk(top)]
        methods = {id(node.func) for node in inner if isinstance(node, ast.Call)}
        fields = {
            id(node.value)
            for node in inner
            if isinstance(node, ast.Attribute) and id(node) not in methods
        }
        for node in inner:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id, id(node) in fields


def _tokens(val: Val | None) -> Iterator[Token]:
    inner = val.inner if isinstance(val, Maybe) else val
    if isinstance(inner, Record | KernelPtr) and inner.token is not None:
        yield inner.token


# Statements with blocks of their own


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    match node:
        case ast.If(_, body, other) | ast.While(_, body, other) | ast.For(_, _, body, other):
            yield from (body, other)
        case ast.With(_, body):
            yield body
        case ast.Match(_, cases):
            yield from (case.body for case in cases)
        case ast.Try(body, handlers, other, final):
            yield from (body, *(handler.body for handler in handlers), other, final)
        case _:
            pass  # a simple statement


def _head(node: ast.stmt) -> list[ast.AST]:
    """What leads to the blocks of a statement."""
    match node:
        case ast.If(test) | ast.While(test):
            return [test]
        case ast.For(target, iter):
            return [target, iter]
        case ast.With(items):
            return [*items]
        case ast.Match(subject, cases):
            return [subject, *(case.pattern for case in cases)]
        case _:
            return []


def _exit(frame: Frame, node: ast.stmt) -> Repeat | Transaction | None:
    """Where the statements of a block would lead with `break`, `continue` and `Discard`."""
    b = frame.b
    match node:
        case ast.For() | ast.While():
            return Repeat(b.join(), b.join())
        case ast.With():
            token = Token(span_of(frame.file, node), "", cast("Stream[Any]", None))
            return Transaction(Record(Ref(b.const(0), Struct), token), b.join())
        case _:
            return None
