"""The books close: every program one parent started is either received or counted as lost."""

from __future__ import annotations

from threading import Thread
from time import monotonic

import pytest
from spawning import TRUE, Exec, Parent, parent, watch

from kring import StreamHandle, load

pytestmark = pytest.mark.kernel

BURST = 2000
SMALL = 4096
IN_SMALL = SMALL // (8 + 536)
"""Records that fit into the small ring, each with its header."""


def read_meanwhile(handle: StreamHandle[Exec], busy: Parent) -> list[Exec]:
    """The records of a burst, read while it goes on and once after its end."""
    ended = Thread(target=busy.wait)
    ended.start()
    records: list[Exec] = []
    while ended.is_alive():
        records += handle.poll(timeout=0.02)
    ended.join()
    return records + handle.poll(timeout=0)


def check(records: list[Exec], ppid: int) -> None:
    """No record came twice, was mixed up with another, or is of somebody else."""
    assert len({record.pid for record in records}) == len(records)
    assert {(record.ppid, record.comm, record.filename) for record in records} <= {
        (ppid, "true", TRUE)
    }


def test_read_meanwhile() -> None:
    with parent() as busy:
        program, events = watch(busy.pid)
        with load(program) as s:
            busy.start(BURST)
            records = read_meanwhile(s[events], busy)
            dropped = s[events].dropped
    check(records, busy.pid)
    assert dropped is not None
    assert len(records) + dropped == BURST
    assert len(records) > BURST // 2, "a reader this slow measures nothing"


def test_reader_paused() -> None:
    with parent() as busy:
        program, events = watch(busy.pid, SMALL)
        with load(program) as s:
            busy.start(BURST)
            busy.wait()
            assert s[events].dropped == BURST - IN_SMALL
            records = s[events].poll(timeout=0)
            assert s[events].dropped == BURST - IN_SMALL
    check(records, busy.pid)
    assert len(records) == IN_SMALL


def test_reader_paused_at_times() -> None:
    """Full and empty in turns: the counter goes on where it was."""
    records: list[Exec] = []
    with parent() as busy:
        program, events = watch(busy.pid, SMALL)
        with load(program) as s:
            for turn in range(1, 6):
                busy.start(20)
                busy.wait()
                records += s[events].poll(timeout=0)
                assert len(records) == turn * IN_SMALL
                assert s[events].dropped == turn * (20 - IN_SMALL)
    assert len(records) == len({record.pid for record in records})


@pytest.mark.parametrize("size", [256 * 1024, SMALL])
def test_of_two_parents_one_counts(size: int) -> None:
    """A stranger's programs are neither received nor, when the ring is full, counted."""
    with parent() as busy, parent() as stranger:
        program, events = watch(busy.pid, size)
        with load(program) as s:
            busy.start(300)
            stranger.start(300)
            busy.wait()
            stranger.wait()
            records = s[events].poll(timeout=0)
            dropped = s[events].dropped
    check(records, busy.pid)
    assert dropped is not None
    assert len(records) + dropped == 300
    assert (dropped > 0) == (size == SMALL)


def test_two_sessions_of_one_parent_keep_their_own_books() -> None:
    with parent() as busy:
        small, few = watch(busy.pid, SMALL)
        large, all_of_them = watch(busy.pid)
        with load(small) as s, load(large) as t:
            busy.start(100)
            busy.wait()
            assert (len(s[few].poll(0)), s[few].dropped) == (IN_SMALL, 100 - IN_SMALL)
            assert (len(t[all_of_them].poll(0)), t[all_of_them].dropped) == (100, 0)


def test_poll_is_bounded_while_records_keep_coming() -> None:
    with parent() as busy:
        program, events = watch(busy.pid)
        with load(program) as s:
            begin = monotonic()
            assert s[events].poll(timeout=0.1) == []
            assert 0.1 <= monotonic() - begin < 2
            busy.start(400)
            first = s[events].poll(max_records=5)
            assert 1 <= len(first) <= 5
            busy.wait()
            rest = s[events].poll(timeout=0)
            assert s[events].dropped == 0
    check(first + rest, busy.pid)
    assert len(first) + len(rest) == 400
