"""Instruction-set cases: one test per `.data` file, and a line on how many the kernel ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from isa_case import Case, read_case

OWN = Path(__file__).parent
KERNEL = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[KERNEL] = Counter()


# Which cases each of these arguments of a test stands for.
KINDS: dict[str, Callable[[Case], bool]] = {
    "case": lambda case: True,
    "valid_case": lambda case: case.error is None,
    "kernel_case": lambda case: case.error is None or case.kernel_reject is not None,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    directory = metafunc.config.getoption("--isa-dir") or OWN
    for kind in KINDS.keys() & set(metafunc.fixturenames):
        cases = [read_case(path) for path in sorted(directory.rglob("*.data"))]
        cases = [case for case in cases if KINDS[kind](case)]
        if not cases:
            raise pytest.UsageError(f"no .data files in {directory}")
        names = [str(case.path.relative_to(directory).with_suffix("")) for case in cases]
        metafunc.parametrize(kind, cases, ids=names)


@pytest.fixture
def kernel_tally(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts of what the kernel did with the cases, for the summary."""
    return request.config.stash[KERNEL]


@pytest.fixture
def foreign(request: pytest.FixtureRequest) -> bool:
    """Whether the cases are somebody else's, who knows nothing of our error texts."""
    return request.config.getoption("--isa-dir") is not None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    tally = config.stash[KERNEL]
    if total := sum(tally.values()):
        parts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
        terminalreporter.write_line(
            f"instruction-set cases on the kernel: {tally['ran'] / total:.0%} ran ({parts})"
        )
