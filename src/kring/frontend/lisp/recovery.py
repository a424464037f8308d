"""After a form was refused: where compilation goes on, to find what else is wrong.

What is built from then on is built for its errors only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kring.errors import CompileError
from kring.frontend.lisp.scope import Scope

T = TypeVar("T")


class Several(Exception):
    """The errors of a program that was built to its end in spite of them."""

    def __init__(self, errors: list[CompileError]) -> None:
        super().__init__()
        self.errors = errors


def attempt(s: Scope, build: Callable[[], T]) -> T | None:
    """What a form gives; None where it is refused, with its error kept and its traces gone."""
    b = s.b
    before, names, depth = dict(b.env), dict(s.names), len(s.transactions)
    held, reachable, span = b.held, b.block is not None, b.span
    try:
        return build()
    except CompileError as error:
        for use in reversed(s.unit.uses):
            error = s.unit.used(error, use)
        known = ((one.lineno, one.offset) for one in s.errors)
        if (error.lineno, error.offset) not in known:  # a macro may have spliced it in twice
            s.errors.append(error)
    b.env, s.names, b.held, b.span = before, names, held, span
    b.forgiven |= held  # the form may have been about to end them
    del s.transactions[depth:]
    b.block = b.fn.block() if reachable else None
    if b.block is not None:
        b.fn.blocks.append(b.block)
    return None
