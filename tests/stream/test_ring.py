"""The ring reader against a model of the kernel's producer, and against corrupted memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ring_model import BUSY, ModelRing

from kring.errors import StreamError
from kring.stream.ring import RingReader


def drain(reader: RingReader, limit: int | None = None) -> list[bytes]:
    batch = reader.scan(limit)
    reader.release(batch)
    return list(batch.records)


Step = tuple[str, int | None]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 40)),
        st.tuples(st.sampled_from(["submit", "discard"]), st.integers(0, 5)),
        st.tuples(st.just("drain"), st.one_of(st.none(), st.integers(0, 4))),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([64, 128, 4096, 16384]), st.integers(0, 2**20), steps)
def test_reads_what_the_model_wrote(size: int, start: int, actions: list[Step]) -> None:
    """Records come out in order of reservation, whole, once, and never past a BUSY one."""
    ring = ModelRing(size, start * 8)
    reader = RingReader(ring.memory)
    written: list[list[object]] = []  # [position, size, state, payload], by reservation
    serial = 0
    for action, n in actions:
        open_records = [record for record in written if record[2] == "busy"]
        if action == "reserve":
            assert n is not None
            position = ring.reserve(n)
            if position is not None:
                written.append([position, n, "busy", b""])
        elif action == "drain":
            expected: list[object] = []
            while written and written[0][2] != "busy" and (n is None or len(expected) < n):
                record = written.pop(0)
                if record[2] == "submit":
                    expected.append(record[3])
            assert drain(reader, n) == expected
            end = written[0][0] if written else ring.producer
            assert ring.consumer == end
        elif open_records:
            assert n is not None
            record = open_records[n % len(open_records)]
            record[2] = action
            if action == "submit":
                serial += 1
                record[3] = bytes([serial % 256]) * record[1]  # type: ignore[operator]
                ring.submit(record[0], record[3])  # type: ignore[arg-type]
            else:
                ring.discard(record[0], record[1])  # type: ignore[arg-type]


def test_a_record_across_the_end_is_whole() -> None:
    ring = ModelRing(64)
    reader = RingReader(ring.memory)
    assert ring.output(b"a" * 32)
    assert drain(reader) == [b"a" * 32]
    assert ring.output(b"0123456789abcdef01234567")
    assert drain(reader) == [b"0123456789abcdef01234567"]


def test_positions_wrap_at_64_bits() -> None:
    ring = ModelRing(64, 2**64 - 16)
    ring.header(2**64 - 16, 8)
    ring.put(2**64 - 8, b"lastword")
    ring.positions[1] = 0
    reader = RingReader(ring.memory)
    assert drain(reader) == [b"lastword"]
    assert ring.consumer == 0


def test_nothing_is_released_before_release() -> None:
    ring = ModelRing(4096)
    ring.output(b"x" * 8)
    reader = RingReader(ring.memory)
    batch = reader.scan()
    assert ring.consumer == 0
    assert reader.received == 0
    reader.release(batch)
    reader.release(batch)
    assert (ring.consumer, reader.received) == (16, 1)


def test_counts_discards_and_stops_at_busy() -> None:
    ring = ModelRing(4096)
    first = ring.reserve(8)
    assert first is not None
    ring.discard(first, 8)
    ring.output(b"kept1234")
    ring.reserve(8)
    ring.output(b"behind!!")
    reader = RingReader(ring.memory)
    batch = reader.scan()
    reader.release(batch)
    assert list(batch.records) == [b"kept1234"]
    assert batch.busy
    assert (reader.received, reader.discarded) == (1, 1)


@pytest.mark.parametrize(
    ("consumer", "producer"),
    [(8, 0), (0, 4096 + 8), (4, 16), (0, 12), (2**63, 0)],
    ids=["producer behind", "more than the ring", "odd consumer", "odd producer", "far apart"],
)
def test_senseless_positions(consumer: int, producer: int) -> None:
    ring = ModelRing(4096)
    ring.positions[0], ring.positions[1] = consumer, producer
    reader = RingReader(ring.memory)
    for _ in range(2):
        with pytest.raises(StreamError, match="positions make no sense"):
            reader.scan()
    assert ring.consumer == consumer


@pytest.mark.parametrize("length", [9, 4088, 2**30 - 1])
def test_a_record_longer_than_what_was_written(length: int) -> None:
    ring = ModelRing(4096)
    ring.output(b"good4567")
    bad = ring.reserve(8)
    assert bad is not None
    ring.header(bad, length)
    reader = RingReader(ring.memory)
    assert drain(reader) == [b"good4567"]
    for _ in range(2):
        with pytest.raises(StreamError, match=rf"position 16 claims {length} bytes.* 8 were"):
            reader.scan()
    assert ring.consumer == 16


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=128, max_size=128), st.integers(0, 80), st.integers(0, 2**64 - 1))
def test_any_memory_gives_records_or_an_error(memory: bytes, size: int, start: int) -> None:
    ring = ModelRing(64)
    ring.data[:] = memory
    ring.positions[0], ring.positions[1] = start, (start + size) % 2**64
    reader = RingReader(ring.memory)
    try:
        batch = reader.scan()
    except StreamError:
        return
    assert sum(len(record) + 8 for record in batch.records) <= size <= 64


def test_a_busy_word_hides_any_length() -> None:
    ring = ModelRing(4096)
    position = ring.reserve(8)
    assert position is not None
    ring.header(position, (2**30 - 1) | BUSY)
    assert RingReader(ring.memory).scan().busy
