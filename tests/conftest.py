"""Options of the whole test suite."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--isa-dir",
        type=Path,
        default=None,
        help="directory of .data files to run as instruction-set cases instead of our own",
    )
