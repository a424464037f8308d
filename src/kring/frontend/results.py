"""What programs return: a number where it decides something, nothing where it cannot."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from enum import IntEnum

from kring.decl.packets import CgroupAction, TcAction, XdpAction
from kring.frontend import integers
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame
from kring.frontend.values import Static, Val
from kring.ir.core import Op, Span, Value
from kring.spelling import article

_ACTIONS: Mapping[str, tuple[type[IntEnum], str]] = {
    "xdp": (XdpAction, "PASS"),
    "tc": (TcAction, "OK"),
    "cgroup_skb": (CgroupAction, "ALLOW"),
}
"""By kind, the actions a program chooses from, and one to show."""


def result(frame: Frame, val: Val, span: Span) -> Value:
    """The number that a `return` leaves the program with."""
    b, kind = frame.b, frame.program.kind
    if val == Static(None):
        if kind.verdict:
            refuse(span, f"this returns nothing, and {_wanted(frame)}", *_cure(frame))
        return b.const(0)
    num = frame.number(val, span)
    b.span = span
    known = integers.known(num)
    if kind.results == range(1):
        if known != [0]:
            refuse(
                span,
                f"what {article(kind.name)} program returns is not asked for",
                "write `return`",
            )
        return num.value
    if known is not None:
        _check(frame, known[0], span)
    elif kind.results is not None:
        # The verifier must see that it is one of them.
        return b.emit(Op.NE, num.value, b.const(0))
    return num.value


def end(frame: Frame, node: ast.FunctionDef) -> None:
    """End the path that leads past the last statement."""
    b = frame.b
    if b.block is not None and frame.program.kind.verdict and not b.failed:
        where, how = _open_end(node.body)
        refuse(
            frame.at(where),
            f"{node.name}() can end {how} without a result, and {_wanted(frame)}",
            *_cure(frame),
        )
    b.ret(b.const(0))


def _check(frame: Frame, known: int, span: Span) -> None:
    action, _ = _ACTIONS.get(frame.program.kind.name, (None, ""))
    if action is None or known in action.__members__.values():
        return
    names = ", ".join(f"{one.name} ({one.value})" for one in action)
    refuse(span, f"{known} is no {action.__name__}", f"it has: {names}")


def _wanted(frame: Frame) -> str:
    kind = frame.program.kind
    action, _ = _ACTIONS.get(kind.name, (None, ""))
    what = f"an action ({action.__name__})" if action else "how many bytes the socket gets"
    return f"a program under @{kind.name} returns {what} on every path"


def _cure(frame: Frame) -> tuple[str, ...]:
    action, shown = _ACTIONS.get(frame.program.kind.name, (None, ""))
    return (f"write `return {action.__name__}.{shown}`",) if action else ()


def _open_end(statements: list[ast.stmt]) -> tuple[ast.stmt | ast.expr, str]:
    """A place that leads to the end of the function, and in which case."""
    last = statements[-1]
    match last:
        case ast.If(test, body, orelse):
            if not orelse:
                return test, "where this does not hold"
            first = _leaves(body)
            return _open_end(orelse if first else body)
        case ast.For() | ast.While() if not last.orelse:
            return (last.iter if isinstance(last, ast.For) else last.test), "after this loop"
        case ast.With(_, body):
            return _open_end(body)
        case ast.Match(subject):
            return subject, "where no case matches this"
        case _:
            return last, "after this"


def _leaves(statements: list[ast.stmt]) -> bool:
    """Whether every path through the statements leaves the function, as far as syntax shows."""
    match statements[-1]:
        case ast.Return():
            return True
        case ast.If(_, body, orelse) if orelse:
            return _leaves(body) and _leaves(orelse)
        case ast.With(_, body):
            return _leaves(body)
        case _:
            return False
