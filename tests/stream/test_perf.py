"""The readers of perf buffers against a model of the kernel's producer, and corrupted memory."""

from __future__ import annotations

import struct
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from perf_model import ModelCpu, paused
from ring_model import StubWaiter

from kring.errors import LoadError, StreamError
from kring.run.target import PerfMemory, PerfOptions, Wait
from kring.stream.buffers import PerfHandle
from kring.stream.merge import OrderedReader, SnapshotReader
from kring.stream.perf import PerfReader
from kring.stream.reader import Reader


def drain(reader: Reader, limit: int | None = None) -> list[bytes]:
    batch = reader.scan(limit)
    reader.release(batch)
    return list(batch.records)


def numbered(serial: int, size: int) -> bytes:
    return (struct.pack("<I", serial) * (size // 4 + 1))[:size]


Step = tuple[str, int, int]
"""What happens, on which CPU or to how many records, and with which size."""

writes = st.one_of(
    st.tuples(st.just("output"), st.integers(0, 2), st.integers(0, 60)),
    st.tuples(st.just("other"), st.integers(0, 2), st.sampled_from([0, 8, 40])),
)
drains = st.tuples(st.just("drain"), st.integers(0, 6), st.just(0))
steps = st.lists(st.one_of(writes, writes, writes, drains), max_size=80)
starts = st.sampled_from([0, 8, 4096 - 8, 2**64 - 16, 2**64 - 4096])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([64, 128, 256, 4096]), starts, steps)
def test_reads_what_the_model_wrote(size: int, start: int, actions: list[Step]) -> None:
    """Each CPU's records come in its order, whole, once, and only what was lost is missing."""
    cpus = [ModelCpu(number, size, start=start + 8 * number) for number in (0, 3, 5)]
    reader = PerfReader([cpu.memory for cpu in cpus])
    written: list[list[bytes]] = [[] for _ in cpus]
    kept = serial = 0
    for action, n, length in actions:
        if action == "output":
            serial += 1
            payload = bytes([n]) + numbered(serial, length)
            if cpus[n].output(payload):
                kept += 1
                written[n].append(payload + b"\xee" * (-(len(payload) + 4) % 8))
        elif action == "other":
            cpus[n].other(length)
        else:
            there = [len(row) for row in written]
            found = drain(reader, n or None)
            assert len(found) == min(sum(there), n or sum(there))
            for number, row in enumerate(written):
                own = [data for data in found if data[0] == number]
                assert own == row[: len(own)]
                assert len(own) >= min(there[number], len(found) // len(cpus))
                del row[: len(own)]
    rest = drain(reader)
    assert [[data for data in rest if data[0] == n] for n in range(len(cpus))] == written
    assert all(cpu.used == 0 for cpu in cpus)
    assert reader.received == kept
    assert [b.reported for b in reader.buffers] == [cpu.lost - cpu.unreported for cpu in cpus]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 80), st.integers(0, 7), st.integers(0, 64))
def test_payloads_of_a_known_size_lose_their_padding(size: int, extra: int, before: int) -> None:
    cpu = ModelCpu(0, 256, start=before * 8)
    payload = numbered(7, size)
    assert cpu.output(payload)
    assert drain(PerfReader([cpu.memory], size)) == [payload]
    cpu.positions[1] = before * 8
    if size >= 8:
        # Not what was declared: as it came, for the decoder to refuse.
        (as_it_came,) = drain(PerfReader([cpu.memory], size - 8))
        assert as_it_came[:size] == payload
        assert len(as_it_came) % 8 == 4


def test_a_record_across_the_end_is_whole() -> None:
    for start in range(0, 64, 8):
        cpu = ModelCpu(0, 64, start=start)
        assert cpu.output(b"0123456789abcdef0123456789abcdef0123")
        assert drain(PerfReader([cpu.memory])) == [b"0123456789abcdef0123456789abcdef0123"]


def test_cpus_share_a_batch_and_a_full_one_does_not_starve_the_others() -> None:
    cpus = [ModelCpu(number, 4096) for number in range(3)]
    reader = PerfReader([cpu.memory for cpu in cpus], 4)
    for n in range(100):
        cpus[1].output(struct.pack("<I", n))
    cpus[0].output(b"zero")
    cpus[2].output(b"two!")
    found = drain(reader, 10)
    assert len(found) == 10
    assert {b"zero", b"two!"} <= set(found)
    assert [data for data in found if data not in (b"zero", b"two!")] == [
        struct.pack("<I", n) for n in range(8)
    ]
    assert len(drain(reader, 1)) == 1
    assert len(drain(reader)) == 91


def test_small_batches_take_turns() -> None:
    cpus = [ModelCpu(number, 4096) for number in range(3)]
    reader = PerfReader([cpu.memory for cpu in cpus], 4)
    for cpu in cpus:
        for _ in range(50):
            cpu.output(struct.pack("<I", cpu.cpu))
    found = [data[0] for _ in range(6) for data in drain(reader, 1)]
    assert sorted(found) == [0, 0, 1, 1, 2, 2]


def test_heads_are_looked_at_once() -> None:
    """A producer that writes while it is read is no reason to go on reading."""
    cpu = ModelCpu(0, 4096)
    cpu.output(b"one!")
    reader = PerfReader([cpu.memory], 4)
    batch = reader.scan()
    cpu.output(b"two!")
    reader.release(batch)
    reader.release(batch)
    assert list(batch.records) == [b"one!"]
    assert reader.received == 1
    assert drain(reader) == [b"two!"]


@pytest.mark.parametrize(
    ("tail", "head"),
    [(8, 0), (0, 4096 + 8), (4, 16), (0, 12), (2**63, 0)],
    ids=["head behind", "more than the buffer", "odd tail", "odd head", "far apart"],
)
def test_senseless_positions(tail: int, head: int) -> None:
    cpu = ModelCpu(2, 4096)
    reader = PerfReader([cpu.memory])
    cpu.positions[0], cpu.positions[1] = head, tail
    for _ in range(2):
        with pytest.raises(StreamError, match="positions of CPU 2 make no sense"):
            reader.scan()


@pytest.mark.parametrize("length", [0, 4, 7, 12, 32, 65528])
def test_lengths_that_make_no_sense(length: int) -> None:
    cpu = ModelCpu(0, 4096)
    cpu.output(b"good")
    begin = cpu.positions[0]
    cpu.output(b"bad!bad!")
    cpu.put(begin, struct.pack("<IHH", 9, 0, length))
    reader = PerfReader([cpu.memory], 4)
    assert drain(reader) == [b"good"]
    for _ in range(2):
        with pytest.raises(StreamError, match=rf"at position {begin} of CPU 0's perf buffer cla"):
            reader.scan()
    assert cpu.positions[1] == begin


@pytest.mark.parametrize("raw", [13, 24, 2**32 - 1])
def test_payloads_longer_than_their_record(raw: int) -> None:
    cpu = ModelCpu(0, 4096)
    cpu.output(b"12345678")
    cpu.put(8, struct.pack("<I", raw))
    with pytest.raises(StreamError, match=f"has 24 bytes, too few for a payload of {raw}"):
        PerfReader([cpu.memory]).scan()


def test_a_sample_without_a_payload() -> None:
    cpu = ModelCpu(0, 4096)
    cpu.write(struct.pack("<IHH", 9, 0, 8))
    with pytest.raises(StreamError, match="has 8 bytes"):
        PerfReader([cpu.memory]).scan()


@settings(max_examples=200, deadline=None)
@given(
    st.binary(min_size=128, max_size=128), st.integers(0, 130), st.integers(0, 2**64 - 1),
    st.booleans(),
)  # fmt: skip
def test_any_memory_gives_records_or_an_error(
    memory: bytes, size: int, start: int, timed: bool
) -> None:
    cpu = ModelCpu(0, 128)
    cpu.data[:] = memory
    cpu.positions[1], cpu.positions[0] = start, (start + size) % 2**64
    readers = (
        PerfReader([cpu.memory]),
        OrderedReader([cpu.memory], 4, lambda: 2**64),
        SnapshotReader([cpu.memory], 4, timed, nullcontext),
    )
    for reader in readers:
        cpu.positions[1] = start
        try:
            batch = reader.scan()
        except StreamError:
            continue
        assert sum(len(record) + 8 for record in batch.records) <= 128


# In order of time.


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
    st.integers(0, 5),
)
def test_in_order_of_time_whatever_the_reader_sees_when(
    records: list[tuple[int, int]], looks: list[int], limit: int
) -> None:
    """Records are read in the order of their time, however writes and reads interleave."""
    cpus = [ModelCpu(number, 4096, timed=True) for number in range(3)]
    clock = 0
    reader = OrderedReader([cpu.memory for cpu in cpus], 8, lambda: clock)
    found: list[bytes] = []
    for number, (cpu, pause) in enumerate(records):
        clock += pause
        assert cpus[cpu].output(struct.pack("<II", clock, number), clock)
        if number in looks:
            found += drain(reader, limit or None)
    clock += 1
    while got := drain(reader, limit or None):
        found += got
    assert [data[:4] for data in found] == sorted((d[:4] for d in found), key=lambda d: d[::-1])
    assert sorted(struct.unpack("<II", data)[1] for data in found) == list(range(len(records)))


def test_a_record_that_comes_while_looking_waits_for_earlier_ones() -> None:
    """CPU 0 looked empty; what it got since is older than what CPU 1 shows."""
    cpus = [ModelCpu(number, 4096, timed=True) for number in range(2)]
    memory = [cpu.memory for cpu in cpus]

    class Racing:
        """CPU 1's head; looking at it lets both CPUs write first."""

        def __getitem__(self, index: int) -> int:
            if not cpus[0].used:
                cpus[0].output(b"early", 11)
                cpus[1].output(b"late!", 12)
            return cpus[1].positions[0]

    memory[1] = PerfMemory(1, Racing(), *_rest(memory[1]))  # type: ignore[arg-type]
    now = 10
    reader = OrderedReader(memory, 5, lambda: now)
    batch = reader.scan()
    reader.release(batch)
    assert list(batch.records) == []
    assert batch.busy, "a wait would leave what is held back where it is"
    now = 12
    assert drain(reader) == [b"early", b"late!"]
    assert not reader.scan().busy


def _rest(memory: PerfMemory) -> tuple[memoryview, memoryview, int]:
    return memory.tail, memory.data, memory.size


def test_an_interrupted_look_finds_nothing_twice() -> None:
    cpus = [ModelCpu(number, 4096, timed=True) for number in range(2)]
    for time in range(4):
        cpus[time % 2].output(bytes([time]) * 4, time)

    class Interrupted(OrderedReader):
        """Ctrl-C comes after one of two tails was moved."""

        interrupted = False

        def _give_back(self) -> None:
            super()._give_back()
            if self._pool.ready and not self.interrupted:
                self.interrupted = True
                cpus[1].positions[1] = 0
                raise KeyboardInterrupt

    reader = Interrupted([cpu.memory for cpu in cpus], 4, lambda: 9)
    with pytest.raises(KeyboardInterrupt):
        reader.scan()
    cpus[0].output(b"more", 7)
    assert [data[0] for data in drain(reader)] == [0, 1, 2, 3]
    assert drain(reader) == [b"more"]


# Written backwards.


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([64, 128, 256]), starts, st.booleans(), steps)
def test_snapshots_have_the_newest_first(
    size: int, start: int, timed: bool, actions: list[Step]
) -> None:
    """All that is not overwritten and was not read, newest first, and nothing twice."""
    start = start if start < 2**32 else 0
    cpus = [ModelCpu(number, size, backward=True, timed=timed) for number in (0, 1, 2)]
    cells = [memoryview(bytearray(8)).cast("Q") for _ in cpus]
    memory = [
        PerfMemory(each.cpu, each.head, cell, each.data, each.size)
        for each, cell in zip((cpu.memory for cpu in cpus), cells, strict=True)
    ]
    reader = SnapshotReader(memory, None, timed, lambda: paused(cpus))
    written: list[list[tuple[int, int, bytes]]] = [[] for _ in cpus]  # [time, size, payload]
    total = [0] * len(cpus)
    for serial, (action, n, length) in enumerate(actions):
        if action == "output":
            payload = numbered(serial, min(length, size - 32))
            before = cpus[n].positions[0]
            assert cpus[n].output(payload, serial)
            took = (before - cpus[n].positions[0]) % 2**64
            total[n] += took
            padded = payload + b"\xee" * (-(len(payload) + 4) % 8)
            written[n].append((serial, total[n], padded))
        elif action == "drain":
            found = drain(reader)
            kept = [
                [row for row in rows if row[1] - took_of(row, timed) >= total[cpu] - size]
                for cpu, rows in enumerate(written)
            ]
            if timed:
                expected = sorted((row for rows in kept for row in rows), reverse=True)
            else:
                expected = [row for rows in kept for row in reversed(rows)]
            assert found == [payload for _, _, payload in expected]
            written = [[] for _ in cpus]


def took_of(row: tuple[int, int, bytes], timed: bool) -> int:
    return 8 + 8 * timed + 4 + len(row[2])


def test_what_a_snapshot_holds_is_handed_out_before_the_next() -> None:
    cpu = ModelCpu(0, 4096, backward=True)
    reader = SnapshotReader([cpu.memory], 4, False, nullcontext)
    for n in range(5):
        cpu.output(struct.pack("<I", n))
    assert [data[0] for data in drain(reader, 2)] == [4, 3]
    cpu.output(b"new!")
    assert [data[0] for data in drain(reader, 2)] == [2, 1]
    assert [data[0] for data in drain(reader)] == [0]
    assert drain(reader) == [b"new!"]
    assert drain(reader) == []


def test_what_was_overwritten_while_it_was_copied_is_left_out() -> None:
    """A pause does not wait for a record that is being written."""
    cpu = ModelCpu(0, 128, backward=True)
    for n in range(8):
        cpu.output(struct.pack("<I", n))
    given = cpu.memory

    class Late:
        """The head, which a record that was on its way moves once it was looked at."""

        looks = 0

        def __getitem__(self, index: int) -> int:
            self.looks += 1
            if self.looks == 2:
                cpu.output(b"late")
            return cpu.positions[0]

    memory = PerfMemory(0, Late(), given.tail, given.data, given.size)  # type: ignore[arg-type]
    reader = SnapshotReader([memory], 4, False, nullcontext)
    assert [data[0] for data in drain(reader)] == [7, 6, 5, 4, 3, 2, 1]
    assert drain(reader) == [b"late"]


# The handle.


class ModelBuffers:
    def __init__(self, *cpus: ModelCpu) -> None:
        self.cpus = list(cpus)
        self.memory = [cpu.memory for cpu in cpus]
        self.gone = False

    def looked(self) -> None: ...

    def pause(self, paused: bool) -> None:
        for cpu in self.cpus:
            cpu.paused = paused

    def lost(self) -> dict[int, int] | None:
        if self.gone:
            raise LoadError("gone")
        return {cpu.cpu: cpu.lost for cpu in self.cpus}


def handle(buffers: ModelBuffers, options: PerfOptions | None = None) -> PerfHandle[bytes]:
    waiter = StubWaiter(lambda: Wait.CLOSED)
    return PerfHandle(buffers, options or PerfOptions(4096), 4, lambda: waiter, bytes)


def test_the_handle_pauses_and_counts() -> None:
    cpu = ModelCpu(3, 4096)
    stream = handle(ModelBuffers(cpu))
    cpu.output(b"one!")
    stream.pause()
    cpu.output(b"two!")
    assert list(stream) == [b"one!"]
    stream.resume()
    cpu.output(b"3333")
    assert stream.poll(0) == [b"3333"]
    assert (stream.dropped, stream.lost) == (1, {3: 1})
    stream.close()
    cpu.lost = 9
    assert (stream.dropped, stream.lost) == (1, {3: 1})


def test_looking_at_a_snapshot_keeps_a_pause() -> None:
    cpu = ModelCpu(0, 4096, backward=True)
    stream = handle(ModelBuffers(cpu), PerfOptions(4096, overwrite=True))
    cpu.output(b"one!")
    assert stream.poll(0) == [b"one!"]
    assert not cpu.paused
    stream.pause()
    stream.poll(0)
    assert cpu.paused
    stream.resume()
    assert not cpu.paused


def test_closing_after_the_buffers_are_gone() -> None:
    buffers = ModelBuffers(ModelCpu(0, 4096))
    stream = handle(buffers)
    buffers.gone = True
    stream.close()
    assert stream.dropped is None
    assert stream.lost is None


def test_rows() -> None:
    np = pytest.importorskip("numpy")
    dtype = np.dtype([("n", "<u4"), ("tag", "S4")])
    cpus = [ModelCpu(number, 256, start=number * 240) for number in range(2)]
    reader = PerfReader([cpu.memory for cpu in cpus], 8)
    for n in range(40):
        cpus[n % 2].output(struct.pack("<I4s", n, b"a\0xx"))
        if n % 5 == 4:
            rows, batch = reader.rows(dtype, 3)
            reader.release(batch)
            assert 1 <= len(rows) <= 3
    numbers: list[int] = []
    while True:
        rows, batch = reader.rows(dtype, 100)
        reader.release(batch)
        if not len(rows):
            break
        assert set(rows["tag"].tolist()) == {b"a"}
        numbers += rows["n"].tolist()
    assert [n for n in numbers if n % 2] == sorted(n for n in numbers if n % 2)
    assert reader.received == 40 - sum(cpu.lost for cpu in cpus)
    assert all(cpu.used == 0 for cpu in cpus)
    cpus[0].output(b"too long to be a row")
    with pytest.raises(StreamError, match="does not fit rows of 8 bytes"):
        reader.rows(dtype, 100)


def test_many_rows_between_other_records() -> None:
    """Runs of samples are taken at once, whatever stands in front of them and behind."""
    np = pytest.importorskip("numpy")
    dtype = np.dtype([("n", "<u4"), ("tag", "S4")])
    cpu = ModelCpu(0, 8192, start=8192 - 600)
    reader = PerfReader([cpu.memory], 8)
    numbers: list[int] = []
    for n in range(200):
        if n % 50 == 0:
            cpu.other(40)
        cpu.output(struct.pack("<I4s", n, b"a\0xx"))
    cpu.output(b"too long to be a row")
    for _ in range(150):
        cpu.output(struct.pack("<I4s", 0, b""))
    looks = 0
    while len(numbers) < 200:
        looks += 1
        rows, batch = reader.rows(dtype, 1000)
        reader.release(batch)
        numbers += rows["n"].tolist()
        assert set(rows["tag"].tolist()) == {b"a"}
    assert numbers == list(range(200))
    assert looks == 4
    for _ in range(2):
        with pytest.raises(StreamError, match="does not fit rows of 8 bytes"):
            reader.rows(dtype, 1000)


def test_rows_of_pooled_readers() -> None:
    np = pytest.importorskip("numpy")
    cpu = ModelCpu(0, 4096, timed=True)
    reader = OrderedReader([cpu.memory], 4, lambda: 99)
    for n in range(10):
        cpu.output(struct.pack("<I", n), n)
    rows, batch = reader.rows(np.dtype([("n", "<u4")]), 4)
    reader.release(batch)
    assert rows["n"].tolist() == [0, 1, 2, 3]
    assert len(drain(reader)) == 6
