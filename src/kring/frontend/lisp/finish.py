"""Where a program is left: what it still holds, and the number it leaves with."""

from __future__ import annotations

from kring.frontend.diagnose import refuse
from kring.frontend.lisp.scope import Scope
from kring.ir.core import Span, Value, number
from kring.spelling import article


def finish(s: Scope, result: Value, span: Span) -> None:
    """Leave the program with a value; records that `with-ringbuf` forms hold are discarded,
    and iterators of loops end."""
    b = s.b
    if b.block is None:
        return
    for pointer in reversed(s.transactions):
        token = s.tokens[pointer]
        if token in b.held:
            b.call("ringbuf_discard", pointer, b.const(0))
            b.held -= {token}
            s.unit.note(
                span,
                f"leaving the program here discards the record reserved from {token.stream} on "
                f"line {token.span.line}",
            )
    for iterator in reversed(s.iterators):
        from kring.frontend.iterators import end

        end(b, iterator)
    b.ret(_result(s, result, span))


def _result(s: Scope, result: Value, span: Span) -> Value:
    kind = s.program.kind
    if result.type.space is not None:
        refuse(span, "a program leaves with a number; this is a pointer")
    if kind.results is None:
        return result
    if kind.results == range(1):
        return s.b.const(0)  # nobody asks for it
    known = number(result)
    if known is not None and known not in kind.results:
        listed = ", ".join(map(str, kind.results))
        refuse(span, f"{article(kind.name)} program leaves with one of {listed}; this is {known}")
    return result
