"""From a function object to its syntax tree in its file, and the Python values its names have."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from kring.errors import CompileError
from kring.frontend.diagnose import source_lines
from kring.ir.core import Span

Definition = ast.FunctionDef | ast.AsyncFunctionDef

_trees: dict[tuple[str, str], ast.Module] = {}


def parse_function(function: FunctionType) -> tuple[Definition, str]:
    """The definition of a function in the tree of its whole file, and the file's name.

    Raises: CompileError if the source is not to be had, as under `python -c` or at a prompt.
    """
    code = function.__code__
    lines = source_lines(code.co_filename, function.__globals__)
    if not lines:
        raise CompileError(
            f"the source of {function.__name__}() is not to be found: {code.co_filename!r} "
            "is no file; write the program into a .py file and run that",
        )
    for node in ast.walk(_parse(code.co_filename, "".join(lines))):
        if isinstance(node, Definition) and node.name == function.__name__:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node, code.co_filename
    raise CompileError(
        f"{code.co_filename} has changed since {function.__name__}() was imported: "
        f"no such function on line {code.co_firstlineno}; start again"
    )


def span_of(file: str, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.pattern) -> Span:
    """Where a node stands; columns count bytes, from 1."""
    end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return Span(file, node.lineno, node.col_offset + 1, end_line, end + 1)


def outer_names(function: FunctionType) -> Mapping[str, Any]:
    """What the function's free and global names stand for; a free name not bound yet is absent."""
    closure: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
        except ValueError:
            continue
    return {**vars(builtins), **function.__globals__, **closure}


def assigned_names(*nodes: ast.AST) -> Iterator[str]:
    """Names that the code under the nodes may bind, each once, in order of appearance."""
    seen: dict[str, None] = {}
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                seen[node.id] = None
            elif isinstance(node, ast.MatchAs) and node.name is not None:
                seen[node.name] = None
    yield from seen


def _parse(file: str, text: str) -> ast.Module:
    key = (file, text)
    if key not in _trees:
        _trees[key] = ast.parse(text, file)
    return _trees[key]
