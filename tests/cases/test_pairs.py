"""Lisp and Python of one program are the same instructions: the files in `lisp/pairs`, which differ
in how they end. What may differ is left out of them: Lisp zeroes no records and counts no losses,
and adds to an entry of a hash in another way."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cases import HERE

import kring
from kring.abi.asm import format_insns
from kring.abi.code import decode

PAIRS = sorted(HERE.glob("lisp/pairs/*.lisp"))


@pytest.mark.parametrize("lisp", PAIRS, ids=lambda path: path.stem)
def test_both_are_the_same_instructions(lisp: Path) -> None:
    (one,), (other,) = (kring.open(path).programs for path in (lisp, lisp.with_suffix(".py")))
    assert format_insns(decode(one.code)) == format_insns(decode(other.code))
    assert one.code == other.code


def test_there_are_enough() -> None:
    assert len(PAIRS) >= 8
