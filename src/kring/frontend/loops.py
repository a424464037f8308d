"""Loops: `while`, `for … in range(…)`, and the ways out of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from kring.frontend import integers
from kring.frontend.conditions import condition
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import number, unsupported
from kring.frontend.frame import Frame, Repeat
from kring.frontend.source import assigned_names
from kring.frontend.statements import block
from kring.frontend.values import Num
from kring.ir.core import Op


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


def _break(frame: Frame, node: ast.Break) -> None:
    _go(frame, node, lambda repeat: frame.b.jump(repeat.after))


def _continue(frame: Frame, node: ast.Continue) -> None:
    _go(frame, node, lambda repeat: frame.b.jump(repeat.next))


def _go(frame: Frame, node: ast.stmt, jump: Callable[[Repeat], None]) -> None:
    for depth in range(len(frame.exits) - 1, -1, -1):
        repeat = frame.exits[depth]
        if isinstance(repeat, Repeat):
            frame.leave("submit", depth)
            jump(repeat)
            return
    unsupported(frame, node)


LOOPS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {
    ast.While: _while,
    ast.For: _for,
    ast.Break: _break,
    ast.Continue: _continue,
}
