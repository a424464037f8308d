"""Language cases: each file is a user's program; its `# run:` lines say what it must do, in Lisp
`; run:`.

    # run: divide(given=[7, -2]) -> out=[-4, -1], lost=0, value=0

runs `divide` with `given` filled so, and compares the maps on the right after it: a list for an
array (as many entries as are listed) or a stream, a dict for a hash, `lost` and `value` for lost
records and the result. `times=3` runs it three times, `data=…` on a packet, `ctx=…` with these
bytes of context; `data` on the right is what became of the packet. `# engines: vm kernel` names
the engines where not all can run the file. A `.ir` or `.s` file beside it is what the first program
becomes.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import case_lisp
import pytest
from case_engines import ENGINES, whoami

from kring import Program, build
from kring.abi.asm import format_insns
from kring.abi.code import decode
from kring.decl.maps import Declaration, MapDeclaration
from kring.errors import NotPermitted
from kring.frontend.maps import ARRAYS

HERE = Path(__file__).parent
FILES = sorted(
    path
    for ending in ("py", "lisp")
    for path in HERE.glob(f"**/*.{ending}")
    if path.parent not in (HERE, HERE / "__pycache__")
)
COMMENTS = {".py": "#", ".lisp": ";"}


@dataclass(frozen=True)
class Run:
    """One `# run:` line."""

    path: Path
    line: int
    text: str
    engines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}:{self.line}"


def runs(path: Path) -> list[Run]:
    lines = path.read_text().splitlines()
    comment = COMMENTS[path.suffix]
    chosen = f"{comment} engines:"
    engines = next((ln.split()[2:] for ln in lines if ln.startswith(chosen)), list(ENGINES))
    found = [
        Run(path, number, text.removeprefix(f"{comment} run:").strip(), tuple(engines))
        for number, text in enumerate(lines, 1)
        if text.startswith(f"{comment} run:")
    ]
    assert found or _goldens(path), f"{path} has no `{comment} run:` line"
    return found


def _goldens(path: Path) -> list[Path]:
    return [path.with_suffix(end) for end in (".ir", ".s") if path.with_suffix(end).exists()]


@cache
def module_of(path: Path) -> ModuleType:
    name = f"case_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names_of(path: Path) -> dict[str, Any]:
    """What the `run:` lines of a file may name."""
    return case_lisp.names(path) if path.suffix == ".lisp" else vars(module_of(path))


def keywords(call: str, names: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and evaluated named arguments of a call."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    values = {str(k.arg): eval(ast.unparse(k.value), names) for k in node.keywords}
    return ast.unparse(node.func), values


@pytest.mark.parametrize("engine", [
    pytest.param(name, marks=[pytest.mark.kernel] if name == "kernel" else []) for name in ENGINES
])  # fmt: skip
@pytest.mark.parametrize("run", [run for path in FILES for run in runs(path)], ids=str)
def test_case(run: Run, engine: str) -> None:
    if engine not in run.engines:
        return
    known = names_of(run.path)
    names = {**known, "me": whoami()}
    left, _, right = run.text.partition("->")
    name, given = keywords(left.strip(), names)
    times, data, ctx = given.pop("times", 1), given.pop("data", b""), given.pop("ctx", b"")
    _, expected = keywords(f"_({right})", names)
    maps = {k: v for k, v in known.items() if isinstance(v, Declaration)}
    program = known[name]
    assert isinstance(program, Program | case_lisp.LispProgram)
    try:
        found = ENGINES[engine](program, maps, given, list(expected), times, data, ctx)
    except NotPermitted as error:
        pytest.skip(str(error))
    for name, wanted in expected.items():
        got = found[name]
        kind = maps.get(name)
        if isinstance(kind, MapDeclaration) and kind.type in ARRAYS:
            got = got[: len(wanted)]
        assert got == wanted, f"{engine}: {name}"


@pytest.mark.parametrize(
    "golden", [golden for path in FILES for golden in _goldens(path)], ids=lambda path: path.name
)
def test_golden(golden: Path, bless: Callable[[Path, str], None]) -> None:
    path = next(one for ending in COMMENTS if (one := golden.with_suffix(ending)).exists())
    found = names_of(path).values()
    program = next(v for v in found if isinstance(v, Program | case_lisp.LispProgram))
    source = program if isinstance(program, Program) else program.source
    stages: list[str] = []
    built = build(source, dump=lambda _name, _stage, fn: stages.append(str(fn)))
    code = format_insns(decode(built.programs[0].code))
    texts = {".ir": stages[-1].replace(f"{golden.parent}/", ""), ".s": code}
    bless(golden, texts[golden.suffix])
