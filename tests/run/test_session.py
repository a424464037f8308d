"""A session's own rules: entered once, and on a place that runs programs."""

from __future__ import annotations

from threading import Timer
from time import process_time

import pytest

from kring import Array, NotLive, RingBuf, Struct, Vm, load, syscall, u64


class Number(Struct):
    n: u64


slots = Array[u64](1)
one, two = RingBuf[Number](4096), RingBuf[Number](4096)


@syscall
def count() -> None:
    slots[0] += 1


@syscall
def send() -> None:
    one.output(Number(n=1))
    two.output(Number(n=2))


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


@pytest.mark.kernel
def test_of_two_streams_one_goes_on_without_the_other() -> None:
    with load(send) as s:
        seen: list[int] = []

        def only(record: Number) -> None:
            seen.append(record.n)
            s[one].close()

        s[one].subscribe(only)
        s[two].subscribe(lambda record: seen.append(record.n))
        acts = (0.02, s[send].run), (0.1, s[send].run), (0.4, s.close)
        timers = [Timer(seconds, act) for seconds, act in acts]
        for timer in timers:
            timer.start()
        spent = process_time()
        s.run()
        # What lies in the closed ring keeps nobody awake.
        assert process_time() - spent < 0.2
        for timer in timers:
            timer.join()
        assert seen == [1, 2, 2]
