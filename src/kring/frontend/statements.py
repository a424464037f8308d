"""How statements are built: one function for each kind of them, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from kring.frontend.expressions import unsupported
from kring.frontend.frame import Frame

STATEMENTS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {}
"""How each kind of statement is built; `python` fills it."""


def block(frame: Frame, statements: list[ast.stmt]) -> None:
    """Build statements in order; what no path reaches is not built."""
    for node in statements:
        if frame.b.block is None:
            return
        build = STATEMENTS.get(type(node))
        if build is None:
            unsupported(frame, node)
        frame.at(node)
        build(frame, node)
