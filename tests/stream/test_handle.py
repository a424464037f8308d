"""What a user of a stream sees: loops, lists, subscribers, closing, exceptions, time limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from ring_model import ModelRing, StubWaiter

from kring.errors import NotLive, NotSupported, StreamError
from kring.run.target import Wait
from kring.stream.dispatch import poll_all, run_all
from kring.stream.handle import StreamHandle
from kring.stream.ring import RingReader


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def make(
    waiter: StubWaiter | None = None,
    decode: Callable[[bytes], int] = number,
    size: int = 4096,
    **rest: object,
) -> tuple[ModelRing, StreamHandle[int]]:
    ring = ModelRing(size)
    chosen = waiter or StubWaiter(lambda: Wait.CLOSED)
    handle = StreamHandle(RingReader(ring.memory), lambda: chosen, decode, **rest)  # type: ignore[arg-type]
    return ring, handle


def write(ring: ModelRing, *numbers: int) -> None:
    for n in numbers:
        assert ring.output(n.to_bytes(8, "little"))


def test_iteration_drains_and_ends_when_nothing_will_come() -> None:
    ring, handle = make()
    write(ring, 1, 2, 3)
    assert list(handle) == [1, 2, 3]
    assert ring.consumer == ring.producer
    write(ring, 4)
    assert list(handle) == [4]


def test_break_leaves_the_rest_for_the_next_reader() -> None:
    ring, handle = make()
    write(ring, 1, 2, 3)
    for n in handle:
        assert n == 1
        break
    write(ring, 4)
    assert handle.poll(0) == [2, 3, 4]


def test_an_exception_at_a_record_consumes_just_that_record() -> None:
    ring, handle = make()
    write(ring, *range(6))
    seen: list[int] = []

    def consume() -> None:
        for n in handle:
            seen.append(n)
            if n == 2:
                raise KeyError(n)

    with pytest.raises(KeyError):
        consume()
    consume()
    assert seen == [0, 1, 2, 3, 4, 5]


def fussy(data: bytes) -> int:
    if number(data) == 2:
        raise RuntimeError("cannot decode 2")
    return number(data)


def test_poll_returns_what_precedes_a_record_it_cannot_decode() -> None:
    ring, handle = make(decode=fussy)
    write(ring, 0, 1, 2, 3)
    assert handle.poll(0) == [0, 1]
    with pytest.raises(RuntimeError):
        handle.poll(0)
    assert handle.poll(0) == [3]


def test_an_interrupt_between_storing_and_releasing_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring, handle = make()
    write(ring, 1, 2)
    release = RingReader.release

    def interrupted(reader: RingReader, batch: object) -> None:
        monkeypatch.setattr(RingReader, "release", release)
        raise KeyboardInterrupt

    monkeypatch.setattr(RingReader, "release", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(iter(handle))
    write(ring, 3)
    assert list(handle) == [1, 2, 3]


def test_poll_bounds() -> None:
    ring, handle = make()
    write(ring, *range(5))
    assert handle.poll(0, max_records=0) == []
    assert handle.poll(0, max_records=2) == [0, 1]
    assert ring.consumer == 32
    assert handle.poll(0) == [2, 3, 4]
    assert handle.poll(0) == []
    for bad in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="timeout"):
            handle.poll(bad)
    with pytest.raises(ValueError, match="max_records"):
        handle.poll(max_records=-1)


def test_poll_timeout_is_a_real_bound() -> None:
    _, handle = make(StubWaiter())
    begin = time.monotonic()
    assert handle.poll(0.05) == []
    assert 0.05 <= time.monotonic() - begin < 0.5


def test_poll_is_bounded_when_every_wait_says_ready() -> None:
    """A producer that only discards wakes the waiter again and again."""
    _, handle = make(StubWaiter(lambda: Wait.READY))
    begin = time.monotonic()
    assert handle.poll(0.05) == []
    assert 0.05 <= time.monotonic() - begin < 0.5


def test_poll_does_not_chase_a_fast_producer() -> None:
    ring, _ = make()

    def refill(data: bytes) -> int:
        write(ring, 7)
        return number(data)

    handle = StreamHandle(RingReader(ring.memory), StubWaiter, refill)
    write(ring, 1, 2)
    assert handle.poll(0) == [1, 2]


def test_zero_timeout_lets_the_waiter_step_once() -> None:
    def feed() -> Wait:
        write(ring, 9)
        return Wait.READY

    ring, handle = make(StubWaiter(feed))
    assert handle.poll(0) == [9]


def test_a_busy_head_is_waited_for_without_spinning() -> None:
    waiter = StubWaiter(lambda: Wait.READY)
    ring, handle = make(waiter)
    position = ring.reserve(8)
    assert position is not None
    looks = 0
    scan = RingReader.scan

    def counting(reader: RingReader, limit: int | None = None) -> object:
        nonlocal looks
        looks += 1
        return scan(reader, limit)

    RingReader.scan = counting  # type: ignore[method-assign, assignment]
    try:
        assert handle.poll(0.1) == []
    finally:
        RingReader.scan = scan  # type: ignore[method-assign]
    assert looks < 60
    assert waiter.waits == []
    ring.submit(position, (5).to_bytes(8, "little"))
    assert handle.poll(1) == [5]


def test_close_from_another_thread_ends_the_loop() -> None:
    ring, handle = make(StubWaiter())
    write(ring, 1)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.extend(handle))
    thread.start()
    while not seen and ring.consumer == 0:
        time.sleep(0.001)
    handle.close()
    handle.close()
    thread.join(2)
    assert not thread.is_alive()
    assert seen == [1]


def test_close_inside_the_loop_ends_it() -> None:
    ring, handle = make()
    write(ring, 1, 2, 3)
    seen: list[int] = []
    for n in handle:
        seen.append(n)
        handle.close()
    assert seen == [1]


def test_use_after_close_says_so() -> None:
    _, handle = make()
    handle.close()
    uses: list[Callable[[], object]] = [
        lambda: iter(handle),
        lambda: aiter(handle),
        lambda: handle.poll(0),
        lambda: handle.batches(),
        lambda: handle.fileno(),
        lambda: handle.subscribe(print),
    ]
    for use in uses:
        with pytest.raises(NotLive, match="closed"):
            use()


def test_dropped_stays_readable_after_close() -> None:
    lost = 3
    _, handle = make(dropped=lambda: lost)
    assert handle.dropped == 3
    lost = 4
    handle.close()
    lost = 5
    assert handle.dropped == 4


def test_nobody_counts_drops() -> None:
    _, handle = make()
    assert handle.dropped is None


def test_memory_that_vanishes_while_closing_is_no_error() -> None:
    """A signal handler may close everything in the middle of a read."""
    ring, handle = make()
    write(ring, 1)
    scan = RingReader.scan

    def closing(reader: RingReader, limit: int | None = None) -> object:
        handle.close()
        ring.memory.data.release()
        return scan(reader, limit)

    RingReader.scan = closing  # type: ignore[method-assign, assignment]
    try:
        assert list(handle) == []
    finally:
        RingReader.scan = scan  # type: ignore[method-assign]


def test_corrupt_memory_reaches_the_user() -> None:
    ring, handle = make()
    ring.positions[1] = 2**40
    with pytest.raises(StreamError):
        next(iter(handle))


def test_big_rings_are_released_in_bounded_batches() -> None:
    ring, handle = make(size=65536)
    write(ring, *range(3000))
    reading = iter(handle)
    assert next(reading) == 0
    assert 0 < ring.consumer < ring.producer
    assert list(reading) == list(range(1, 3000))


def test_subscribers_of_several_streams() -> None:
    first_ring, first = make()
    second_ring, second = make()
    seen: list[tuple[str, int]] = []
    first.subscribe(lambda n: seen.append(("first", n)))
    first.subscribe(lambda n: seen.append(("again", n)))
    second.subscribe(lambda n: seen.append(("second", n)))
    write(first_ring, 1)
    write(second_ring, 2)
    assert poll_all([first, second], StubWaiter(), 0) == 2
    assert seen == [("first", 1), ("again", 1), ("second", 2)]
    assert poll_all([first, second], StubWaiter(), 0) == 0


def test_a_subscribers_exception_comes_out_and_loses_nothing() -> None:
    ring, handle = make()
    seen: list[int] = []

    def subscriber(n: int) -> None:
        seen.append(n)
        if n == 1:
            raise KeyError(n)

    handle.subscribe(subscriber)
    write(ring, 0, 1, 2)
    ends = StubWaiter(lambda: Wait.CLOSED)
    with pytest.raises(KeyError):
        run_all([handle], ends)
    write(ring, 3)
    run_all([handle], ends)
    assert seen == [0, 1, 2, 3]


def test_run_ends_when_closed_from_another_thread() -> None:
    _, handle = make()
    handle.subscribe(print)
    waiter = StubWaiter()
    timer = threading.Timer(0.02, waiter.close)
    timer.start()
    run_all([handle], waiter)
    timer.join()


def test_run_ends_when_a_stream_is_closed_at_a_busy_record() -> None:
    ring, handle = make()
    handle.subscribe(print)
    ring.reserve(8)
    waiter = StubWaiter()

    def close_both() -> None:
        handle.close()
        waiter.close()

    timer = threading.Timer(0.02, close_both)
    timer.start()
    run_all([handle], waiter)
    timer.join()


def test_poll_all_timeout_is_a_real_bound() -> None:
    _, handle = make()
    begin = time.monotonic()
    assert poll_all([handle], StubWaiter(), 0.05) == 0
    assert 0.05 <= time.monotonic() - begin < 0.5
    with pytest.raises(ValueError, match="timeout"):
        poll_all([handle], StubWaiter(), -1)


def test_async_iteration_over_a_stepping_waiter() -> None:
    import asyncio

    fed = iter([11, 12])

    def feed() -> Wait:
        n = next(fed, None)
        if n is None:
            return Wait.CLOSED
        write(ring, n)
        return Wait.READY

    ring, handle = make(StubWaiter(feed))
    write(ring, 10)

    async def collect() -> list[int]:
        return [n async for n in handle]

    assert asyncio.run(collect()) == [10, 11, 12]


def test_batches_without_a_type() -> None:
    _, handle = make()
    with pytest.raises(NotSupported, match="no known type"):
        handle.batches()


def test_batches_without_numpy() -> None:
    def missing() -> object:
        raise ModuleNotFoundError("No module named 'numpy'", name="numpy")

    _, handle = make(dtype=missing)
    with pytest.raises(ImportError, match=r"pip install kring\[numpy\]"):
        handle.batches()
