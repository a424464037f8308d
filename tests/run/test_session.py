"""A session's own rules: entered once, and on a place that runs programs."""

from __future__ import annotations

import pytest

from kring import Array, NotLive, Vm, load, syscall, u64

slots = Array[u64](1)


@syscall
def count() -> None:
    slots[0] += 1


def test_a_session_is_entered_once() -> None:
    session = load(count, on=Vm())
    with session as s:
        with pytest.raises(NotLive, match="entered once"), session:
            raise AssertionError("entered again")
        s[count].run()
        assert s[slots][0] == 1


def test_programs_run_in_a_place_that_runs_them() -> None:
    with pytest.raises(TypeError, match="Kernel"):
        load(count, on="kernel")  # type: ignore[arg-type]
