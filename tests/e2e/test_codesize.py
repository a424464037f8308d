"""What kring compiles is no larger than what clang makes of the same programs in C."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "codesize"

LARGER_YET = {
    "bit_fields.bit_fields",
    "discard_paths.discard_paths",
    "header_parser.header_parser",
    "output_event.output_event",
    "rate_limiter.rate_limiter",
    "runq_latency.wakeup",
    "runq_latency.wakeup_new",
    "slow_reads.enter",
}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if which("clang") is None:
        pytest.skip("clang is not installed")
    ran = subprocess.run([sys.executable, str(BENCH), "--json"], stdout=subprocess.PIPE, text=True)
    return json.loads(ran.stdout)


@pytest.mark.peer
def test_no_program_has_more_slots_than_clang_gives_it(rows: list[dict[str, Any]]) -> None:
    assert [row["error"] for row in rows if row["error"]] == []
    larger = [
        f"{name} {row['counter']}: {row['kring_slots']}, clang {row['clang_slots']}"
        for row in rows
        for name in [f"{row['pair']}.{row['program']}"]
        if row["kring_slots"] > row["clang_slots"] and name not in LARGER_YET
    ]
    assert larger == []


@pytest.mark.peer
def test_the_counter_is_in_both_languages_or_in_neither(rows: list[dict[str, Any]]) -> None:
    by_form = {(row["pair"], row["program"], row["counter"]): row for row in rows}
    pairs = [
        (row, by_form[pair, program, "without"])
        for (pair, program, counter), row in by_form.items()
        if counter == "with"
    ]
    counting = [(row, bare) for row, bare in pairs if row["clang_slots"] > bare["clang_slots"]]
    assert counting
    for row, bare in counting:
        assert row["kring_slots"] > bare["kring_slots"], row
