"""Many temporaries in one program: the stack has 512 bytes however many lines need some."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest

import kring
from kring.run.target import Target

HEADER = """\
from kring import Hash, syscall, u32, u64

h = Hash[u32, u64](max_entries=256)


@syscall
def program() -> None:
"""


@pytest.mark.parametrize(
    "target",
    [kring.Vm(), pytest.param(kring.Kernel(), marks=pytest.mark.kernel)],
    ids=["vm", "kernel"],
)
def test_a_hundred_assignments(target: Target, tmp_path: Path) -> None:
    lines = [f"    h[{at}] = {at * at + 1}" for at in range(100)]
    file = tmp_path / "many.py"
    file.write_text(HEADER + "\n".join(lines))
    names: dict[str, Any] = vars(types.ModuleType("many"))
    exec(compile(file.read_text(), str(file), "exec"), names)
    program: kring.Program = names["program"]
    h: kring.Hash[Any, Any] = names["h"]
    with kring.load(program, on=target) as s:
        s[program].run()
        assert dict(s[h].items()) == {at: at * at + 1 for at in range(100)}
