"""Loops: the program counts their rounds, or the kernel where the verifier would follow too long.

A loop carries round what its body changes. What that is, is found while it is built: the first
time it is not known, and the program is built once more.
"""

from __future__ import annotations

from math import prod

from kring.abi.uapi import MAX_ROUNDS
from kring.frontend.diagnose import refuse
from kring.frontend.lisp.expressions import FORMS, constant, effects
from kring.frontend.lisp.forms import Operand, Symbol, operands, show
from kring.frontend.lisp.scope import Rule, Scope
from kring.frontend.lisp.variables import bind, hide
from kring.frontend.paths import Env, Loop
from kring.frontend.rounds import FOLLOWED, Range
from kring.frontend.values import Num
from kring.ir.core import Op, Value


def _dotimes(s: Scope, args: list[Operand]) -> Value:
    b = s.b
    parts = operands(args[0].form, args[0].span)
    if len(parts) != 2 or not isinstance(parts[0].form, Symbol):
        refuse(args[0].span, f"{show(args[0].form)} is no counter", "write `(dotimes (i 10) …)`")
    rounds = constant(s, parts[1], "how often a loop comes round", _BOUNDED)
    if rounds >= 1 << 63:
        refuse(parts[1].span, "a loop cannot come round less than 0 times")
    if rounds > MAX_ROUNDS:
        refuse(parts[1].span, f"a loop comes round {MAX_ROUNDS} times at the most, not {rounds}")
    if rounds:
        repeat = _stepped if rounds * prod(s.rounds) > FOLLOWED else _counted
        s.rounds.append(rounds)
        repeat(s, parts[0], rounds, args)
        s.rounds.pop()
    return b.const(0)


_BOUNDED = "count to the most there can be, and leave out the rest: `(when (< i n) …)`"


def _counted(s: Scope, name: Operand, rounds: int, args: list[Operand]) -> None:
    """A loop of so many rounds, which a variable of the program counts."""
    b, span = s.b, s.b.span
    counter = s.fresh(_COUNTER)
    b.env[counter] = Num(b.const(0), signed=False)
    carried = s.carried.setdefault(id(args[0].form), set())
    loop = b.loop(span, [counter, *(one for one in b.env if one in carried)])
    entered = dict(b.env)
    inside, after = b.join(), b.join()
    count = b.env[counter]
    assert isinstance(count, Num)
    b.branch(b.emit(Op.ULT, count.value, b.const(rounds)), inside, after)
    b.enter(inside)
    _round(s, name, count.value, args)
    if b.block is not None:
        b.env[counter] = Num(b.emit(Op.ADD, count.value, b.const(1)), signed=False)
        _come_round(s, loop, entered, carried, counter)
    b.enter(after)
    b.env.pop(counter, None)


def _stepped(s: Scope, name: Operand, rounds: int, args: list[Operand]) -> None:
    """A loop of more rounds than the verifier is let follow, which the kernel counts."""
    from kring.frontend import iterators

    b, span = s.b, s.b.span
    carried = s.carried.setdefault(id(args[0].form), set())
    changed = [one for one in b.env if one in carried]
    numbers = Range(Num(b.const(0), signed=False), Num(b.const(rounds), signed=False), 1)
    iterator = iterators.begin(b, numbers, changed)
    s.iterators.append(iterator)
    loop = b.loop(span, changed)
    entered = dict(b.env)
    inside, after = b.join(), b.join()
    count = iterators.step(b, iterator, numbers, inside, after)
    _round(s, name, count.value, args)
    if b.block is not None:
        _come_round(s, loop, entered, carried)
    b.enter(after)
    s.iterators.pop()
    if b.block is not None:
        iterators.end(b, iterator)


def _round(s: Scope, name: Operand, count: Value, args: list[Operand]) -> None:
    """The body of a loop, whose counter the variable has."""
    assert isinstance(name.form, Symbol)
    before = dict(s.names)
    bind(s, name.form, count, name.span)
    effects(s, args[1:])
    hide(s, before)


def _come_round(s: Scope, loop: Loop, entered: Env, carried: set[str], counter: str = "") -> None:
    """End a path where the loop begins again; what it changed, the loop has to carry."""
    b = s.b
    changed = {one for one in entered if b.env[one] != entered[one]} - {counter}
    s.again |= not changed <= carried
    carried |= changed
    b.again(loop)


_COUNTER = Symbol("<counter>")


FORMS["dotimes"] = Rule("(variable rounds) [form…]", _dotimes)
