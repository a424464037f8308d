"""Loops: `while`, `for … in range(…)`, and the ways out of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import prod
from typing import Any

from kring.frontend import integers
from kring.frontend.conditions import condition
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, number, unsupported
from kring.frontend.frame import Frame, Repeat
from kring.frontend.items import element, walkable
from kring.frontend.rounds import FOLLOWED, Range, most, note_range
from kring.frontend.source import assigned_names
from kring.frontend.statements import block
from kring.frontend.values import Items, KernelArray, Num, Val
from kring.ir.core import Op


def _while(frame: Frame, node: ast.While) -> None:
    b = frame.b
    loop = b.loop(frame.at(node), assigned_names(node.test, *node.body))
    b.whiles.append((loop.block, frame.at(node.test)))
    body, otherwise = b.join(), b.join()
    repeat = Repeat(b.join(), b.join())
    condition(frame, node.test, body, otherwise)
    b.enter(body)
    repeat_body(frame, node.body, repeat)
    b.enter(repeat.next)
    b.again(loop)
    b.enter(otherwise)
    block(frame, node.orelse)
    b.jump(repeat.after)
    b.enter(repeat.after)


def repeat_body(frame: Frame, statements: list[ast.stmt], repeat: Repeat) -> None:
    """The body of a loop, up to where it comes round."""
    frame.exits.append(repeat)
    block(frame, statements)
    frame.exits.pop()
    frame.b.jump(repeat.next)


def _for(frame: Frame, node: ast.For) -> None:
    if not isinstance(node.target, ast.Name):
        refuse(frame.at(node.target), "a loop counts with one variable: `for i in range(n):`")
    numbers, take = _counted(frame, node.iter)
    if frame.b.block is None:
        return
    rounds = most(frame.b, numbers)
    around = prod(outer.rounds for outer in frame.blocks() if isinstance(outer, Repeat))
    if rounds * around <= FOLLOWED:
        _count(frame, node, node.target.id, numbers, take, rounds)
    else:
        _step(frame, node, node.target.id, numbers, take)


Take = Callable[[Num], Val]
"""What a loop gives for each number it counts."""


def _count(frame: Frame, node: ast.For, name: str, numbers: Range, take: Take, rounds: int) -> None:
    """A loop that a variable of the program counts."""
    b = frame.b
    counter = f"<counter of line {node.lineno}:{node.col_offset}>"
    b.env[counter] = numbers.start
    loop = b.loop(frame.at(node), [counter, *assigned_names(node.target, *node.body)])
    count = b.env[counter]
    assert isinstance(count, Num)
    body, otherwise = b.join(), b.join()
    repeat = Repeat(b.join(), b.join(), rounds=max(rounds, 1))
    below = "<" if numbers.step > 0 else ">"
    b.branch(integers.compare(b, below, count, numbers.stop), body, otherwise)
    b.enter(body)
    note_range(b, count.value, numbers)
    frame.bind(name, take(count))
    repeat_body(frame, node.body, repeat)
    b.enter(repeat.next)
    if b.block is not None:
        b.env[counter] = Num(b.emit(Op.ADD, count.value, b.const(numbers.step)), count.signed)
    b.again(loop)
    b.enter(otherwise)
    block(frame, node.orelse)
    b.jump(repeat.after)
    b.enter(repeat.after)
    b.env.pop(counter, None)


def _step(frame: Frame, node: ast.For, name: str, numbers: Range, take: Take) -> None:
    """A loop that an iterator of the kernel counts, however often, but for MAX_ROUNDS."""
    from kring.frontend import iterators

    b = frame.b
    assigned = [*assigned_names(node.target, *node.body)]
    iterator = iterators.begin(b, numbers, assigned)
    loop = b.loop(frame.at(node), assigned)
    body, otherwise = b.join(), b.join()
    repeat = Repeat(b.join(), b.join(), iterator)
    count = iterators.step(b, iterator, numbers, body, otherwise)
    frame.bind(name, take(count))
    repeat_body(frame, node.body, repeat)
    b.enter(repeat.next)
    b.again(loop)
    b.enter(otherwise)
    frame.end(repeat, "submit")
    block(frame, node.orelse)
    b.jump(repeat.after)
    b.enter(repeat.after)


def _counted(frame: Frame, node: ast.expr) -> tuple[Range, Take]:
    """What a loop counts, and what it gives for each number."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        val = evaluate(frame, node)
        if isinstance(val, Items):
            frame.at(node)
            items, zero = walkable(frame.b, val), Num(frame.b.const(0))
            stop = Num(frame.b.const(items.type.count))
            spelled = ast.unparse(node)
            return Range(zero, stop, 1), lambda index: element(frame.b, items, index, spelled)
        if isinstance(val, KernelArray):
            from kring.frontend import elements

            span, zero = frame.at(node), Num(frame.b.const(0))
            stop = Num(frame.b.const(val.kind.count))
            return Range(zero, stop, 1), lambda i: elements.element(frame.b, val, i, span)
    return _range(frame, node), lambda index: index


def _range(frame: Frame, node: ast.expr) -> Range:
    """Start, stop and step of a `range(…)`."""
    match node:
        case ast.Call(ast.Name(name), args, []) if frame.outer.get(name) is range:
            numbers = [number(frame, arg) for arg in args]
        case _:
            refuse(
                frame.at(node),
                "a loop runs over `range(…)` or over an array",
                "write `for i in range(n):`",
            )
    frame.at(node)
    match numbers:
        case [stop]:
            return Range(Num(frame.b.const(0)), stop, 1)
        case [start, stop]:
            return Range(start, stop, 1)
        case [start, stop, step]:
            known = integers.known(step)
            if not known or not known[0]:
                refuse(frame.at(args[2]), "the step is a constant other than 0")
            return Range(start, stop, known[0])
        case _:
            refuse(frame.b.span, "range() takes 1 to 3 numbers")


def _break(frame: Frame, node: ast.Break) -> None:
    depth, repeat = _innermost(frame, node)
    frame.leave("submit", depth)
    frame.b.jump(repeat.after)


def _continue(frame: Frame, node: ast.Continue) -> None:
    depth, repeat = _innermost(frame, node)
    frame.leave("submit", depth + 1)
    frame.b.jump(repeat.next)


def _innermost(frame: Frame, node: ast.stmt) -> tuple[int, Repeat]:
    """The loop a statement is in, and at which depth."""
    for depth in range(len(frame.exits) - 1, -1, -1):
        repeat = frame.exits[depth]
        if isinstance(repeat, Repeat):
            return depth, repeat
    unsupported(frame, node)


LOOPS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {
    ast.While: _while,
    ast.For: _for,
    ast.Break: _break,
    ast.Continue: _continue,
}
