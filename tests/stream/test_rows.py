"""Batches: arrays with one row per record, whatever lies between the records."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ring_model import ModelRing, StubWaiter

from kring.errors import StreamError
from kring.run.target import Wait
from kring.stream.handle import StreamHandle
from kring.stream.ring import RingReader

np = pytest.importorskip("numpy")
DTYPE = np.dtype([("n", "<u4"), ("tag", "S8")])


def make(size: int = 4096) -> tuple[ModelRing, StreamHandle[bytes]]:
    ring = ModelRing(size)
    handle = StreamHandle(
        RingReader(ring.memory),
        lambda: StubWaiter(lambda: Wait.CLOSED),
        bytes,
        dtype=lambda: DTYPE,
    )
    return ring, handle


def record(n: int) -> bytes:
    return np.array([(n, b"tag")], DTYPE).tobytes()


def test_rows_own_their_memory() -> None:
    ring, handle = make()
    for n in range(5):
        ring.output(record(n))
    (rows,) = handle.batches()
    ring.data[:] = bytes(len(ring.data))
    assert rows["n"].tolist() == [0, 1, 2, 3, 4]
    assert rows["tag"].tolist() == [b"tag"] * 5
    assert rows.base is None or rows.base.flags.owndata
    assert rows.flags.writeable
    assert ring.consumer == ring.producer


def test_at_most_max_records_per_array() -> None:
    ring, handle = make()
    for n in range(5):
        ring.output(record(n))
    assert [len(rows) for rows in handle.batches(2)] == [2, 2, 1]
    with pytest.raises(ValueError, match="max_records"):
        handle.batches(0)


def test_records_a_loop_left_come_first() -> None:
    ring, handle = make()
    for n in range(4):
        ring.output(record(n))
    next(iter(handle))
    ring.output(record(4))
    assert [rows["n"].tolist() for rows in handle.batches(2)] == [[1, 2], [3], [4]]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["row", "discard"]), max_size=40))
def test_discarded_records_are_no_rows(kinds: list[str]) -> None:
    ring, handle = make()
    for n, kind in enumerate(kinds):
        position = ring.reserve(12)
        assert position is not None
        if kind == "row":
            ring.submit(position, record(n))
        else:
            ring.discard(position, 12)
    rows = [n for batch in handle.batches() for n in batch["n"].tolist()]
    assert rows == [n for n, kind in enumerate(kinds) if kind == "row"]
    assert ring.consumer == ring.producer


def test_a_record_of_another_size_raises_and_stays() -> None:
    ring, handle = make()
    ring.output(record(0))
    ring.output(b"short")
    ring.output(record(1))
    batches = handle.batches()
    assert next(batches)["n"].tolist() == [0]
    with pytest.raises(StreamError, match="5 bytes does not fit rows of 12"):
        next(batches)
    assert handle.poll(0) == [b"short", record(1)]


def test_a_busy_record_ends_the_array() -> None:
    ring, handle = make()
    ring.output(record(0))
    ring.reserve(12)
    ring.output(record(2))
    assert next(handle.batches())["n"].tolist() == [0]
