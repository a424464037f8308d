"""Each rewrite, as IR text before and after: the files in `cases`.

A case is `== what it shows: passes`, a function, `--`, and what those passes make of it.
`python tests/ir/test_rewrites.py` writes what they make of it now into the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kring.ir.check import check
from kring.ir.passes import LAST, ONCE, PASSES, optimise
from kring.ir.text import parse_fn, print_fn

FILES = sorted((Path(__file__).parent / "cases").glob("*.ir"))


def cases(path: Path) -> Iterator[tuple[str, str, str]]:
    """Title, text before, text after."""
    for case in path.read_text().split("== ")[1:]:
        title, _, text = case.partition("\n")
        before, _, after = text.partition("--\n")
        yield title, before, after


def rewritten(title: str, before: str) -> str:
    fn = parse_fn(before)
    check(fn)
    for name in title.rpartition(": ")[2].split():
        if name == "all":
            optimise(fn)
        else:
            dict((*PASSES, ONCE, *LAST))[name](fn)
            check(fn)
    return print_fn(fn)


@pytest.mark.parametrize(
    ("title", "before", "after"),
    [pytest.param(*case, id=case[0]) for path in FILES for case in cases(path)],
)
def test_rewrite(title: str, before: str, after: str) -> None:
    assert rewritten(title, before) == after.rstrip() + "\n"


if __name__ == "__main__":
    for path in FILES:
        path.write_text("\n".join(f"== {t}\n{b}--\n{rewritten(t, b)}" for t, b, _ in cases(path)))
