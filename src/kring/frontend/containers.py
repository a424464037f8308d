"""Methods of the rarer kinds of maps in programs: queues, filters, stacks of calls, tail calls."""

from __future__ import annotations

from typing import Any

from kring.abi.uapi import BPF_ANY, BPF_F_USER_STACK
from kring.decl.containers import Bloom, Container, ProgArray, Queue, Stack, StackTraces
from kring.decl.maps import MapDeclaration
from kring.frontend.arrays import own_memory
from kring.frontend.calls import Method, arity
from kring.frontend.diagnose import refuse
from kring.frontend.frame import Frame, Pending
from kring.frontend.integers import known
from kring.frontend.maps import check_index, exact
from kring.frontend.memory import load_int
from kring.frontend.values import Num, Ref, Static, Val
from kring.ir.core import Op, Span, Value

_MOST_SKIPPED = 255
"""BPF_F_SKIP_FIELD_MASK."""


def _push(frame: Frame, queue: Container[Any], name: str, args: list[Val], span: Span) -> Val:
    arity(args, 1, "push()", span)
    return Num(frame.b.emit(Op.EQ, _add(frame, queue, name, args[0]), frame.b.const(0)))


def _bloom_add(frame: Frame, bloom: Bloom[Any], name: str, args: list[Val], span: Span) -> Val:
    arity(args, 1, "add()", span)
    _add(frame, bloom, name, args[0])
    return Static(None)


def _add(frame: Frame, declaration: Container[Any], name: str, val: Val) -> Value:
    pointer = exact(frame.b, declaration.types[0], val, f"value of {name!r}")
    return frame.b.call("map_push_elem", frame.b.map(name), pointer, frame.b.const(BPF_ANY))


def _take(helper: str) -> Method:
    def build(
        frame: Frame, queue: Container[Any], name: str, args: list[Val], span: Span
    ) -> Pending:
        arity(args, 0, f"{helper}()", span)
        b = frame.b
        (kind,) = queue.types
        own = own_memory(frame, kind)
        failed = b.call(f"map_{helper}_elem", b.map(name), own)

        def take() -> Num | Ref:
            return Ref(own, kind) if isinstance(kind, type) else load_int(b, own, 0, kind)

        return Pending(b.emit(Op.EQ, failed, b.const(0)), take)

    return build


def _id(frame: Frame, traces: StackTraces, name: str, args: list[Val], span: Span) -> Val:
    b = frame.b
    user, skip = (frame.number(arg, span) for arg in args)
    chosen, skipped = known(user), known(skip)
    if chosen is None or skipped is None or not 0 <= skipped[0] <= _MOST_SKIPPED:
        refuse(span, f"id() takes constants: `user` true or false, `skip` 0 to {_MOST_SKIPPED}")
    flags = skipped[0] | (BPF_F_USER_STACK if chosen[0] else 0)
    return Num(b.call("get_stackid", b.context, b.map(name), b.const(flags)))


def _tail_call(frame: Frame, jumps: ProgArray, name: str, args: list[Val], span: Span) -> Val:
    arity(args, 1, "tail_call()", span)
    b = frame.b
    index = frame.number(args[0], span)
    for number in known(index) or ():
        check_index(span, jumps, name, number)
    for level in frame.levels():
        level.stay_inside()
    for token in b.held:
        refuse(
            span,
            f"the record reserved from {token.stream!r} on line {token.span.line} is held here, "
            "and the program that is gone on with knows nothing of it",
            "submit or discard it first; leave its `with` block",
        )
    b.call("tail_call", b.context, b.map(name), index.value)
    return Static(None)


METHODS: dict[type[MapDeclaration], dict[str, Method]] = {
    Queue: {"push": _push, "pop": _take("pop"), "peek": _take("peek")},
    Stack: {"push": _push, "pop": _take("pop"), "peek": _take("peek")},
    Bloom: {"add": _bloom_add},
    StackTraces: {"id": _id},
    ProgArray: {"tail_call": _tail_call},
}
"""The methods that a class of maps adds to those of its bases, by name."""
