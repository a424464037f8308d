"""Random functions mean the same after every pass, and read back as they print."""

from __future__ import annotations

import pytest
from generate import generate, observe
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kring.ir.check import check
from kring.ir.passes import LAST, PASSES, optimise
from kring.ir.text import parse_fn, print_fn

FEW = settings(deadline=None, max_examples=60)
SEEDS = st.integers(0, 1 << 32)
ARGS = st.lists(
    st.sampled_from((0, 1, 2, 7, 255, 256, -1, -256, 1 << 31, 1 << 32, 1 << 63)),
    min_size=2,
    max_size=2,
)


@FEW
@given(SEEDS)
def test_text_round_trips(seed: int) -> None:
    fn = generate(seed)
    check(fn)
    text = print_fn(fn)
    again = parse_fn(text)
    check(again)
    assert print_fn(again) == text


@pytest.mark.parametrize("name", dict((*PASSES, *LAST)))
@FEW
@given(SEEDS, ARGS)
def test_one_pass_keeps_the_meaning(name: str, seed: int, args: list[int]) -> None:
    fn = generate(seed)
    before, text = observe(fn, args), print_fn(fn)
    changed = dict((*PASSES, *LAST))[name](fn)
    check(fn)
    assert observe(fn, args) == before, text
    # Passes that say they changed nothing are believed: only the others are checked after.
    assert changed or print_fn(fn) == text


@FEW
@given(SEEDS, ARGS)
@example(1000031, [0, 0])  # threading leaves unreachable blocks that lead to each other
def test_all_passes_keep_the_meaning_one_by_one(seed: int, args: list[int]) -> None:
    fn = generate(seed)
    expected = observe(fn, args)
    history = [print_fn(fn)]

    def dump(name: str, changed: object) -> None:
        text = print_fn(changed)  # type: ignore[arg-type]
        assert observe(changed, args) == expected, f"{name}\n{history[-1]}\n{text}"  # type: ignore[arg-type]
        history.append(text)

    optimise(fn, dump)
    assert observe(fn, args) == expected


@FEW
@given(SEEDS)
def test_a_second_run_finds_nothing(seed: int) -> None:
    fn = generate(seed)
    optimise(fn)
    text = print_fn(fn)
    optimise(fn)
    assert print_fn(fn) == text
