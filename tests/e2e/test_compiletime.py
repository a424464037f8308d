"""The bench of compile time measures what its goals are about, and says when one is missed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "compiletime"


def test_time_grows_no_faster_than_the_program() -> None:
    command = [sys.executable, str(BENCH), "--json", "--rounds", "3"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    rows = json.loads(ran.stdout)
    found = {row["what"]: row["found"] for row in rows}
    assert found["records, exponent"] < 1.2
    assert found["branches, exponent"] < 1.2
    assert found["exec_snoop, warm, ms"] > 0
    assert found["exec_snoop, cold, ms on a CPU"] > 0
    assert found["exec_snoop.lisp, cold, ms on a CPU"] > 0
    missed = [row for row in rows if row["goal"] is not None and row["found"] > row["goal"]]
    assert ran.returncode == bool(missed)
