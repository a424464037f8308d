"""The bench of ring buffers measures every reader it names, and its books close, losses too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import pytest

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.peer,
    pytest.mark.skipif(which("gcc") is None, reason="gcc is not installed"),
    pytest.mark.skipif(find_spec("numpy") is None, reason="numpy is not installed"),
]

BENCH = Path(__file__).parents[2] / "bench" / "streams"
TINY = "--json", "--rounds", "1", "--seconds", "0.05"
WAITING = {"libbpf, C", "kring, batches", "kring, per event"}

two_cpus = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU only")

Rows = list[dict[str, Any]]


def measured(*arguments: str) -> Rows:
    """The bench's rows, whose books are closed; BCC's, which may be missing, left out."""
    command = [sys.executable, str(BENCH), *TINY, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "libbpf-dev" in ran.stderr:
        pytest.skip("libbpf's headers are not here: libbpf-dev has them")
    assert ran.returncode == 0, ran.stderr
    rows: Rows = json.loads(ran.stdout)
    assert all(row["closed"] for row in rows), rows
    found = [row for row in rows if not row["reader"].startswith("BCC")]
    assert (len(found) < len(rows)) == ("BCC" not in ran.stderr)
    return found


def test_every_reader_drains_every_size() -> None:
    rows = measured("drain", "--records", "8", "536", "--rings", "64K")
    readers = {*WAITING, "memcpy of the bytes, C"}
    cases = {(row["record"], row["reader"]) for row in rows}
    assert cases == {(size, reader) for size in (8, 536) for reader in readers}
    assert all(0 < row["ns"]["least"] <= row["ns"]["most"] for row in rows)
    assert {row["ns"]["ratio"] for row in rows if row["reader"] == "libbpf, C"} == {1}


@two_cpus
def test_losses_are_in_the_books_of_a_flow() -> None:
    """A burst is larger than the ring."""
    rows = measured("flow", "--rates", "1000000", "--flow-rings", "4K")
    lost = {row["reader"]: row["lost_percent"]["median"] for row in rows}
    assert set(lost) == WAITING
    assert 0 < lost["kring, per event"] < 100
    assert all(row["cpu_ns"]["median"] > 0 for row in rows)


@two_cpus
def test_the_way_to_user_code_takes_time() -> None:
    rows = measured("latency")
    assert {row["reader"] for row in rows} == WAITING
    for row in rows:
        assert 0 < row["p50_us"]["median"] <= row["p99_us"]["median"], row
