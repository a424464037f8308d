"""Loops: `while`, `for … in range(…)`, and the ways out of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import prod
from typing import Any

from kring.abi.uapi import MAX_ROUNDS
from kring.frontend import integers
from kring.frontend.builder import Builder
from kring.frontend.conditions import condition
from kring.frontend.diagnose import refuse
from kring.frontend.expressions import evaluate, number, unsupported
from kring.frontend.frame import Frame, Repeat
from kring.frontend.items import element, walkable
from kring.frontend.source import assigned_names
from kring.frontend.statements import block
from kring.frontend.values import Items, KernelArray, Num, Val
from kring.ir.core import Op, Value
from kring.record import record


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
    rounds = _most(frame.b, numbers)
    around = prod(outer.rounds for outer in frame.blocks() if isinstance(outer, Repeat))
    if rounds * around <= _FOLLOWED:
        _count(frame, node, node.target.id, numbers, take, rounds)
    else:
        from kring.frontend.iterators import iterate

        iterate(frame, node, node.target.id, numbers, take)


@record
class Range:
    """The numbers a loop counts through; the step is known and not 0."""

    start: Num
    stop: Num
    step: int


_FOLLOWED = 4096
"""Rounds, those of the loops around it multiplied in, up to which the verifier is let follow a loop
round by round; a longer one is stepped by the kernel, and the verifier looks at one round for all.
"""


def _most(b: Builder, numbers: Range) -> int:
    """How often a loop over these numbers comes round at the most."""
    first, last = ((numbers.start, numbers.stop) if numbers.step > 0 else
                   (numbers.stop, numbers.start))  # fmt: skip
    low, high = b.bounds(first.value)[0], b.bounds(last.value)[1]
    if (not first.signed and low < 0) or (not last.signed and b.bounds(last.value)[0] < 0):
        return MAX_ROUNDS
    return min(max(0, -(-(high - low) // abs(numbers.step))), MAX_ROUNDS)


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
    note_range(frame, count.value, numbers)
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


def note_range(frame: Frame, count: Value, numbers: Range, seen: bool = True) -> None:
    """Say what a loop's counter can be in its body; unless `seen`, the verifier does not know."""
    b, start, stop = frame.b, numbers.start, numbers.stop
    (first, last), (low, high) = b.bounds(start.value), b.bounds(stop.value)
    up = numbers.step > 0
    b.ranges[count] = (first, max(first, high - 1)) if up else (min(last, low + 1), last)
    if not (seen and integers.known(start, stop)):
        b.unseen.add(count)


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
