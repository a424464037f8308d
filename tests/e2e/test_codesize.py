"""What kring compiles is no larger than what clang makes of the same programs in C."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import copy, which
from typing import Any

import pytest

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(which("clang") is None, reason="clang is not installed"),
]

BENCH = Path(__file__).parents[2] / "bench"

Rows = list[dict[str, Any]]


def measured(*arguments: str) -> tuple[int, Rows]:
    """The bench's exit code and rows."""
    command = [sys.executable, str(BENCH / "codesize"), "--json", *arguments]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return ran.returncode, json.loads(ran.stdout)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return measured("--rounds", "0")[1]


def test_no_program_has_more_slots_than_clang_gives_it(rows: Rows) -> None:
    assert [row["error"] for row in rows if row["kring_slots"] is None] == []
    larger = [
        f"{row['pair']}.{row['program']} {row['counter']}: "
        f"{row['kring_slots']}, clang {row['clang_slots']}"
        for row in rows
        if row["kring_slots"] > row["clang_slots"]
    ]
    assert larger == []


def test_the_counter_is_in_both_languages_or_in_neither(rows: Rows) -> None:
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


@pytest.mark.kernel
def test_programs_on_packets_and_on_tracepoints_are_timed() -> None:
    code, (packets, calls) = measured("--rounds", "1", "packet_counter", "syscall_counter")
    assert (packets["timed_by"], calls["timed_by"]) == ("test-run", "stats")
    for row in (packets, calls):
        assert min(row["kring_ns"], row["clang_ns"]) > 1, row
        assert row["time_ratio"] == row["kring_ns"] / row["clang_ns"]
        assert min(row["kring_processed"], row["clang_processed"]) > 10, row
    times = sorted([packets["time_ratio"], calls["time_ratio"]])
    assert code == int(sum(times) / 2 > 1.03)


PYTHON = """\
from kring import Xdp, XdpAction, xdp

@xdp
def ours(ctx: Xdp) -> XdpAction:
    return XdpAction.{action}
"""

C = """\
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("{section}") int theirs(void *ctx) {{ return {value}; }}
char LICENSE[] SEC("license") = "GPL";
"""


def test_any_folder_of_pairs_is_measured(tmp_path: Path) -> None:
    for name, section, value in (("same", "xdp", 2), ("broken", "xdp", "nothing")):
        (tmp_path / f"{name}.py").write_text(PYTHON.format(action="PASS"))
        (tmp_path / f"{name}.c").write_text(C.format(section=section, value=value))
    (tmp_path / "alone.py").write_text(PYTHON.format(action="PASS"))
    code, (broken, same) = measured("--dir", str(tmp_path), "--rounds", "0")
    assert code == 1
    assert "nothing" in broken["error"]
    assert broken["kring_slots"] is None
    assert (same["program"], same["kring_slots"], same["clang_slots"]) == ("ours", 2, 2)
    assert measured("--dir", str(tmp_path), "--rounds", "0", "same")[0] == 0


def test_a_larger_program_is_a_goal_missed(tmp_path: Path) -> None:
    copy(BENCH / "pairs" / "packet_counter.py", tmp_path / "larger.py")
    (tmp_path / "larger.c").write_text(C.format(section="xdp", value=2))
    code, (row,) = measured("--dir", str(tmp_path), "--rounds", "0")
    assert (code, row["clang_slots"]) == (1, 2)
    assert row["slots_ratio"] == row["kring_slots"] / 2


@pytest.mark.kernel
def test_programs_that_mean_different_things_are_not_timed(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(PYTHON.format(action="PASS"))
    (tmp_path / "other.c").write_text(C.format(section="xdp", value=1))
    _, (row,) = measured("--dir", str(tmp_path), "--rounds", "1")
    assert row["error"] == "not timed: packet 0 gives 2, clang's 1"
    assert row["time_ratio"] is None
    assert row["kring_slots"] == row["clang_slots"]
