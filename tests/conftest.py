"""Options of the whole test suite."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers import BPFFS

Bless = Callable[[Path, str], None]
"""Compares a text with a golden file, or with `--bless` writes it there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--isa-dir",
        type=Path,
        default=None,
        help="directory of .data files to run as instruction-set cases instead of our own",
    )
    parser.addoption(
        "--bless", action="store_true", help="rewrite golden files instead of comparing with them"
    )


@pytest.fixture(scope="module", autouse=True)
def _frozen() -> Iterator[None]:
    """What a module of tests leaves behind is not looked through again for garbage: there is more
    of it with each, and some tests collect often."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> Bless:
    """What compares with golden files."""

    def compare(golden: Path, text: str) -> None:
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--bless"):
            golden.write_text(text)
        assert golden.read_text() == text, f"{golden} differs; --bless rewrites it"

    return compare


@pytest.fixture
def pins() -> Iterator[Path]:
    """A directory in bpffs of this test's own, to be made by it; it is gone afterwards."""
    if os.geteuid():
        pytest.skip("not permitted: libbpf's side is root's")
    path = BPFFS / f"kring-test-{os.getpid()}"
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of version 2 that this process is in during the test."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    root = next((mount[1] for mount in mounts if mount[2] == "cgroup2"), "")
    if not root:
        pytest.skip("no cgroup v2 is mounted")
    path = Path(root) / f"kring-test-{os.getpid()}"
    before = Path(root + next(
        line.partition("::")[2]
        for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")
    ))  # fmt: skip
    try:
        path.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    (path / "cgroup.procs").write_text(str(os.getpid()))
    yield path
    (before / "cgroup.procs").write_text(str(os.getpid()))
    path.rmdir()
