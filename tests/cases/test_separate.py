"""Functions called often really are functions of the program, and few slots."""

from __future__ import annotations

import pytest
from test_cases import HERE, module_of

from kring import build

OFTEN = module_of(HERE / "functions" / "often.py")


@pytest.mark.parametrize(
    ("program", "functions"),
    [
        ("hashes", ["hashes", "mix"]),
        ("sends", ["sends", "send"]),
        ("counted", ["counted", "count"]),
        ("unsigned", ["unsigned", "large"]),
        ("nested", ["nested", "middle", "inner"]),
        ("reaching", ["reaching"]),
    ],
)
def test_what_is_compiled_apart(program: str, functions: list[str]) -> None:
    (built,) = build(getattr(OFTEN, program)).programs
    assert [function.name for function in built.functions] == functions
    assert all(function.type_id for function in built.functions)
    starts = {line.slot for line in built.lines}
    assert {function.slot for function in built.functions} <= starts
