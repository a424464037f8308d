"""Blocks that hold something until they are left, and what leaves them early."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

from kring.decl.inside import Discard
from kring.decl.maps import PerfBuf, RingBuf
from kring.frontend import streams
from kring.frontend.arrays import own_memory
from kring.frontend.builder import Builder, Join
from kring.frontend.conditions import condition
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, map_of
from kring.frontend.frame import Frame, Transaction
from kring.frontend.functions import outside
from kring.frontend.statements import block
from kring.frontend.values import Gone, Record, Ref, Static


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
            if not isinstance(declaration, RingBuf | PerfBuf):
                kind = type(declaration).__name__
                refuse(span, f"only a RingBuf or PerfBuf can reserve; {name!r} is a {kind}")
            found = cast("RingBuf[Any] | PerfBuf[Any]", declaration)
            _transaction(frame, node.body, found, name, target.id if target else "")
        case [ast.withitem(ast.Attribute() as place, None)]:
            from kring.frontend.locks import locked

            locked(frame, place, node.body)
        case _:
            refuse(
                frame.at(node.items[0].context_expr),
                "`with` opens one record of a ring buffer or takes a lock, and nothing else",
                "write `with events.reserve() as e:`; nest the blocks for two records",
            )


def _transaction(
    frame: Frame,
    statements: list[ast.stmt],
    stream: RingBuf[Any] | PerfBuf[Any],
    name: str,
    variable: str,
) -> None:
    b = frame.b
    span, after = b.span, b.join()
    if isinstance(stream, RingBuf):
        record = _reserved(b, stream, name, variable, after)
    else:
        struct = streams.struct_of(b, stream, name)
        record = streams.prepare(b, stream, name, Ref(own_memory(frame, struct), struct))
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


def _reserved(b: Builder, ring: RingBuf[Any], name: str, variable: str, after: Join) -> Record:
    """The record where there is one; where the ring is full that is counted, and the way leads to
    `after`."""
    span = b.span
    maybe = streams.reserve(b, ring, name)
    record = maybe.inner
    assert isinstance(record, Record)
    reserved, full = b.join(), b.join()
    b.branch(maybe.present, reserved, full)
    b.enter(full)
    streams.count_missing(b, record)
    b.env[variable] = Gone(span, "reserved for its block only")
    b.jump(after)
    b.enter(reserved)
    return record


def _raise(frame: Frame, node: ast.Raise) -> None:
    what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    val = evaluate(frame, what) if what is not None else Static(None)
    span = frame.at(node)
    if not (isinstance(val, Static) and val.object is Discard):
        refuse(span, "a program raises `Discard` and nothing else", "leave it with `return`")
    b = frame.b
    inside = b.env
    for level in frame.levels():
        for inner in reversed(level.exits):
            level.end(inner, "discard")
            if isinstance(inner, Transaction):
                b.jump(inner.after)
                b.env = inside
                return
        level.stay_inside()
        b.env = outside(b.env)
    refuse(span, "`Discard` drops the record of a `with …reserve()` block; this is outside one")


def _assert(frame: Frame, node: ast.Assert) -> None:
    b = frame.b
    for level in frame.levels():
        level.stay_inside()
    holds, fails = b.join(), b.join()
    condition(frame, node.test, holds, fails)
    b.enter(fails)
    if b.block is not None:
        for level in frame.levels():
            level.leave("discard")
        b.ret(b.const(0))
    b.enter(holds)


BLOCKS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {
    ast.With: _with,
    ast.Raise: _raise,
    ast.Assert: _assert,
}
