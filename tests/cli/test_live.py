"""The loop behind every live listing, fed by hand."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from command import SOON_S

from kring.tools.live import follow, printable


def test_a_count_is_never_passed() -> None:
    asked: list[int] = []

    def step(timeout: float, most: int) -> int:
        asked.append(most)
        return min(most, 2)

    assert follow(step, count=5) == 5
    assert asked == [5, 3, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_step_it_came_in(number: int) -> None:
    before = signal.getsignal(number)

    def step(timeout: float, most: int) -> int:
        signal.raise_signal(number)
        return 1

    assert follow(step) == 1
    assert signal.getsignal(number) == before


def test_a_second_signal_ends_a_step_that_hangs() -> None:
    def step(timeout: float, most: int) -> int:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return 1

    with pytest.raises(KeyboardInterrupt):
        follow(step)


def test_an_idle_listing_ends_with_its_pipe() -> None:
    script = """
from time import sleep
from kring.tools.live import follow
try:
    follow(lambda timeout, most: sleep(timeout) or 0)
except BrokenPipeError:
    raise SystemExit(7)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        try:
            assert process.wait(SOON_S) == 7
        finally:
            process.kill()


def test_control_characters_are_escaped() -> None:
    assert printable("grün \x1b[31m\n") == r"grün \x1b[31m\n"
