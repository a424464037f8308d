"""What kring compiles is no larger than what clang makes of the same program in C."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "codesize"


@pytest.mark.peer
@pytest.mark.skipif(which("clang") is None, reason="clang is not installed")
def test_exec_snoop_has_no_more_slots_than_clang_gives_it() -> None:
    ran = subprocess.run([sys.executable, str(BENCH), "--json"], stdout=subprocess.PIPE, text=True)
    slots: dict[str, dict[str, int]] = json.loads(ran.stdout)
    kring = slots.pop("kring")
    assert len(slots) == 3
    for label, clang in slots.items():
        assert kring["counter"] <= clang["counter"], label
        assert kring["no_counter"] <= clang["no_counter"], label
        assert clang["no_counter"] < clang["counter"], "the counter is not compiled in"
    assert ran.returncode == 0
