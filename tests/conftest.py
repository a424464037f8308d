"""Options of the whole test suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> Bless:
    """What compares with golden files."""

    def compare(golden: Path, text: str) -> None:
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--bless"):
            golden.write_text(text)
        assert golden.read_text() == text, f"{golden} differs; --bless rewrites it"

    return compare
