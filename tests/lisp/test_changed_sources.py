"""Lisp files with words exchanged, forms moved and forms lost: an error at a place, or a program.

KRING_LISP_CHANGED says how many, KRING_LISP_CHANGED_SEED which.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest

from kring.build import compile_all
from kring.errors import CompileError
from kring.frontend.lisp.toplevel import programs_of

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("KRING_LISP_CHANGED", "120"))
SEED = int(os.environ.get("KRING_LISP_CHANGED_SEED", "1"))
BATCH = 40

_TOKEN = re.compile(r""";[^\n]*|"[^"]*"|[()]|,@|[`',]|[^\s()`',"]+|\s+""")
_ODD = ("0", "nil", "t", "-1", "99999999999999999999999", '"s"', "x", "18446744073709551615", ":k")


@cache
def sources() -> list[list[str]]:
    """The tokens of files that are in order."""
    files = [*ROOT.glob("tests/cases/*/*.lisp"), *ROOT.glob("tests/cases/*/*/*.lisp")]
    texts = [path.read_text() for path in sorted(files)]
    for text in texts:
        compile_all(programs_of(text, "whole.lisp"))
    return [_TOKEN.findall(text) for text in texts if len(text) < 4000]


def words(tokens: list[str]) -> list[int]:
    return [at for at, one in enumerate(tokens) if re.match(r"[^\s();`',]", one)]


def forms(tokens: list[str]) -> Iterator[tuple[int, int]]:
    """Where each list begins and ends."""
    begun: list[int] = []
    for at, one in enumerate(tokens):
        if one == "(":
            begun.append(at)
        elif one == ")" and begun:
            yield begun.pop(), at + 1


def changed(chance: Random) -> str:
    tokens = list(chance.choice(sources()))
    other = chance.choice(sources())
    for _ in range(chance.choice((1, 1, 2))):
        lists, (first, last) = list(forms(tokens)), chance.choice(list(forms(tokens)))
        match chance.randrange(5):
            case 0:
                tokens[chance.choice(words(tokens))] = other[chance.choice(words(other))]
            case 1:
                del tokens[chance.choice(words(tokens))]
            case 2:
                begin, end = chance.choice(lists)
                tokens[first:last] = tokens[begin:end]
            case 3:
                tokens[first:last] = [chance.choice(_ODD)]
            case _:
                begin, end = chance.choice(lists)
                tokens[end:end] = [" ", *tokens[first:last]]
    return "".join(tokens)


@pytest.mark.parametrize("first", range(0, COUNT, BATCH))
def test_a_changed_file_is_refused_at_a_place_or_built(first: int) -> None:
    refused: list[CompileError] = []
    for number in range(first, first + BATCH):
        text = changed(Random(f"{SEED}.{number}"))
        try:
            compile_all(programs_of(text, "changed.lisp"))
        except CompileError as error:
            refused.append(error)
        except Exception as error:
            raise AssertionError(text) from error
    assert all(error.lineno or "has no program" in error.msg for error in refused)
