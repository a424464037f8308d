"""How statements are built: one function for each kind of them, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from kring.errors import CompileError
from kring.frontend.diagnose import place
from kring.frontend.expressions import unsupported
from kring.frontend.frame import Frame
from kring.frontend.recovery import recover, save
from kring.frontend.source import span_of

STATEMENTS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {}
"""How each kind of statement is built; `python` fills it."""


def block(frame: Frame, statements: list[ast.stmt]) -> None:
    """Build statements in order; what no path reaches is not built.

    One that is refused is reported, and the next built as if nothing were known of what the
    refused one would have done.
    """
    for node in statements:
        if frame.b.block is None:
            return
        state = save(frame)
        try:
            build = STATEMENTS.get(type(node))
            if build is None:
                unsupported(frame, node)
            frame.at(node)
            build(frame, node)
        except CompileError as error:
            recover(frame, state, node, error, block)
        except RecursionError:
            recover(frame, state, node, _too_deep(frame, node), block)


def _too_deep(frame: Frame, node: ast.stmt) -> CompileError:
    return CompileError(
        "this is nested too deeply to be compiled",
        place(span_of(frame.file, node)),
        ("write it as several statements, with variables for the parts",),
    )
