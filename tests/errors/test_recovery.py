"""One mistake gives one error: in right programs one name or field at a time is spelled wrong."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kring
from kring.errors import CompileError

CASES = Path(__file__).parent.parent / "cases"
FILES = sorted(
    path
    for path in CASES.glob("*/*.py")
    # What is wrong in code that a constant makes dead counts once the constant is not known.
    if path.parent.name != "__pycache__" and path.stem != "dead"
)
TRIED = 6
"""How many mistakes are tried in each file, spread over it."""


def mistakes(text: str) -> Iterator[tuple[int, int]]:
    """Line and last column of each name and field that a function's body mentions."""
    for function in ast.parse(text).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in (inner for statement in function.body for inner in ast.walk(statement)):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield node.end_lineno or 0, node.end_col_offset or 0


def wrong(text: str, line: int, column: int) -> str:
    lines = text.splitlines(keepends=True)
    row = lines[line - 1].encode()
    lines[line - 1] = (row[:column] + b"_wrong" + row[column:]).decode()
    return "".join(lines)


def errors(path: Path) -> list[CompileError]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        kring.build(*(value for value in vars(module).values() if isinstance(value, kring.Program)))
    except NameError:
        return []  # in a function that makes others when the file is imported
    except CompileError as error:
        return [error, *error.others]
    return []


HEAD = "import kring\n@kring.syscall\ndef program() -> int:\n    x = kring.ktime_ns()\n"


def test_a_program_too_long_for_a_jump(tmp_path: Path) -> None:
    file = tmp_path / "too_long.py"
    file.write_text(
        HEAD
        + "    if x > 3:\n"
        + "        x = x * 7 + kring.ktime_ns() ^ (x >> 3)\n" * 5_000
        + "    return x\n"
    )
    (error,) = errors(file)
    assert error.lineno == 5
    assert "a jump reaches 32,767" in error.msg


def test_an_expression_too_deep(tmp_path: Path) -> None:
    file = tmp_path / "too_deep.py"
    file.write_text(HEAD + "    y = x" + " + x" * 700 + "\n    z = x.field\n")
    first, second = errors(file)
    assert (first.lineno, first.msg) == (5, "this is nested too deeply to be compiled")
    assert second.lineno == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_one_mistake_gives_one_error(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    places = [*mistakes(text)]
    for number, place in enumerate(itertools.islice(places, 0, None, len(places) // TRIED + 1)):
        file = tmp_path / f"wrong_{path.stem}_{number}.py"
        file.write_text(wrong(text, *place))
        found = errors(file)
        # Code that no path reaches is not built, so a mistake in it is none.
        assert len(found) <= 1, "\n".join(f"{place}: {error.lineno} {error}" for error in found)
