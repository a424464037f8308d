"""The same source gives the same bytes, whoever builds it, where, and with which Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kring

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "examples").glob("*.py")),
    *(ROOT / "tests/cases" / name for name in ("records/large.py", "functions/often.py")),
    *(ROOT / "tests/cases" / name for name in ("globals/values.py", "kernel/walk.py")),
]
BUILD = """
import os, sys
from kring.output import write
relative, out, *files = sys.argv[1:]
for file in files:
    path = os.path.relpath(file) if relative == "relative" else file
    write(path, os.path.join(out, os.path.basename(file) + ".o"), ["c", "go", "rust"], True)
"""
SOURCE = Path(kring.__file__).parents[1]
VERSIONS = ":".join(map(str, Path("~/.pyenv/versions").expanduser().glob("*/bin")))


def built(python: str, out: Path, cwd: Path, seed: int, relative: bool) -> dict[str, bytes]:
    out.mkdir()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": str(seed)}
    how = "relative" if relative else "absolute"
    command = [python, "-c", BUILD, how, str(out), *map(str, FILES)]
    subprocess.run(command, cwd=cwd, env=environ, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("first") / "a"
    return built(sys.executable, out, ROOT, 1, relative=True)


def test_the_same_bytes_everywhere(first: dict[str, bytes], tmp_path: Path) -> None:
    assert len(first) == 4 * len(FILES)
    assert first == built(sys.executable, tmp_path / "b", tmp_path, 2, relative=False)
    assert not any(str(ROOT).encode() in data for data in first.values())


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_the_same_bytes_with_every_python(
    version: str, first: dict[str, bytes], tmp_path: Path
) -> None:
    # shims of pyenv are in the path and lead nowhere by themselves
    python = shutil.which(f"python{version}", path=f"{VERSIONS}:{os.environ['PATH']}")
    if python is None or "shims" in python:
        pytest.skip(f"no python{version}")
    assert first == built(python, tmp_path / "b", ROOT, 3, relative=True)
