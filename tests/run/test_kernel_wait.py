"""Waiting for the running kernel's rings, alone and below a stream handle, end to end."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import pytest
from kernel_programs import RING, load, open_before, open_fds, output, runtime

from kring.errors import LoadError
from kring.run.kernel.kernel import KernelRuntime
from kring.run.kernel.wait import KernelWaiter
from kring.run.target import LiveMap, Wait
from kring.stream.dispatch import poll_all, run_all
from kring.stream.handle import StreamHandle
from kring.stream.ring import RingReader

pytestmark = pytest.mark.kernel

NO_WAKEUP = 1


@contextmanager
def stream() -> Generator[tuple[KernelRuntime, LiveMap, StreamHandle[int]]]:
    with runtime() as rt:
        ring = rt.create_map(RING)
        handle = StreamHandle(
            RingReader(ring.ring()),
            lambda: rt.waiter([ring]),
            lambda data: int.from_bytes(data, "little"),
        )
        try:
            yield rt, ring, handle
        finally:
            handle.close()


def producer(rt: KernelRuntime, ring: LiveMap, value: int, flags: int = 0) -> Callable[[], object]:
    return load(rt, "syscall", output(ring.fd, value, flags)).run


def after(seconds: float, act: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_wait_ends_for_each_reason() -> None:
    with stream() as (rt, ring, _):
        waiter = rt.waiter([ring])
        begin = time.monotonic()
        assert waiter.wait(0.05) is Wait.TIMEOUT
        assert 0.05 <= time.monotonic() - begin < 0.5
        assert waiter.wait(0) is Wait.TIMEOUT
        waiter.wake()
        waiter.wake()
        assert waiter.wait(None) is Wait.READY
        assert waiter.wait(0) is Wait.TIMEOUT
        producer(rt, ring, 1)()
        assert waiter.wait(None) is Wait.READY
        waiter.close()
        assert waiter.wait(None) is Wait.CLOSED
        waiter.wake()
        waiter.close()


def test_data_without_wakeup_is_seen_by_the_next_wait() -> None:
    with stream() as (rt, ring, handle):
        act = producer(rt, ring, 5, NO_WAKEUP)
        assert handle.poll(0) == []
        act()
        assert handle.poll(1) == [5]


def test_close_wakes_threads_and_no_descriptor_closes_under_them() -> None:
    before = open_before()
    with stream() as (rt, ring, _):
        waiter = rt.waiter([ring])
        ends: list[Wait] = []
        threads = [
            threading.Thread(target=lambda: ends.append(waiter.wait(None))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        waiter.close()
        for thread in threads:
            thread.join(2)
        assert ends == [Wait.CLOSED] * 3
    assert open_fds() == before


def test_closed_waiters_are_forgotten() -> None:
    with stream() as (rt, ring, _):
        before = open_before()
        for _ in range(20):
            rt.waiter([ring]).close()
        assert open_fds() == before
        assert len(rt._waiters) <= 1  # pyright: ignore[reportPrivateUsage]


def test_waiters_for_several_rings_have_no_single_descriptor() -> None:
    with stream() as (rt, ring, _):
        other = rt.create_map(RING)
        waiter = rt.waiter([ring, other])
        assert waiter.fileno() == -1
        producer(rt, other, 1)()
        assert waiter.wait(1) is Wait.READY


def test_end_to_end() -> None:
    with stream() as (rt, ring, handle):
        for n in range(5):
            producer(rt, ring, n)()
        reading = iter(handle)
        assert [next(reading) for _ in range(5)] == [0, 1, 2, 3, 4]
        timer = after(0.02, producer(rt, ring, 5))
        assert next(reading) == 5
        timer.join()


def test_a_full_ring_is_emptied_and_filled_again() -> None:
    with stream() as (rt, ring, handle):
        act = producer(rt, ring, 7)
        for _ in range(3):
            for _ in range(300):
                act()
            assert handle.poll(0) == [7] * 255


def test_poll_timeouts() -> None:
    with stream() as (rt, ring, handle):
        begin = time.monotonic()
        assert handle.poll(0.05) == []
        assert 0.05 <= time.monotonic() - begin < 0.5
        timer = after(0.02, producer(rt, ring, 1))
        assert handle.poll(5) == [1]
        assert time.monotonic() - begin < 2
        timer.join()


def test_signals_do_not_shorten_or_prolong_a_wait() -> None:
    def ignore(*_: object) -> None: ...

    previous = signal.signal(signal.SIGALRM, ignore)
    try:
        with stream() as (_, _, handle):
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            begin = time.monotonic()
            assert handle.poll(0.1) == []
            assert 0.1 <= time.monotonic() - begin < 0.5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_ctrl_c_ends_a_wait_and_loses_nothing() -> None:
    with stream() as (rt, ring, handle):
        act = producer(rt, ring, 3)
        timer = after(0.02, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            handle.poll(5)
        timer.join()
        act()
        assert handle.poll(1) == [3]


def test_close_from_another_thread_ends_the_loop() -> None:
    with stream() as (_, _, handle):
        timer = after(0.02, handle.close)
        assert list(handle) == []
        timer.join()


def test_closing_the_session_from_another_thread_ends_the_loop() -> None:
    with stream() as (rt, ring, handle):
        act = producer(rt, ring, 1)
        stop = threading.Event()

        def produce() -> None:
            while not stop.is_set():
                act()

        def close_all() -> None:
            stop.set()
            producing.join()
            handle.close()
            rt.close()

        producing = threading.Thread(target=produce)
        producing.start()
        timer = after(0.05, close_all)
        assert set(handle) == {1}
        timer.join()


def test_a_handler_may_close_everything_while_reading() -> None:
    """SIGTERM's usual handler, in the thread that reads."""
    with stream() as (rt, ring, handle):
        act = producer(rt, ring, 1)

        def close_all(*_: object) -> None:
            handle.close()
            rt.close()

        previous = signal.signal(signal.SIGALRM, close_all)
        try:
            act()
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            for n in handle:
                assert n == 1
                with suppress(LoadError):  # "is gone", once the handler has run
                    act()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


def test_fileno_works_with_select() -> None:
    with stream() as (rt, ring, handle):
        fd = handle.fileno()
        assert select.select([fd], [], [], 0)[0] == []
        producer(rt, ring, 1)()
        assert select.select([fd], [], [], 1)[0] == [fd]


def test_subscribers_of_two_rings_share_a_wait() -> None:
    with stream() as (rt, ring, first):
        other_ring = rt.create_map(RING)
        second = StreamHandle(RingReader(other_ring.ring()), lambda: rt.waiter([other_ring]), bytes)
        seen: list[object] = []
        first.subscribe(seen.append)
        second.subscribe(seen.append)
        waiter = rt.waiter([ring, other_ring])
        timer = after(0.02, producer(rt, other_ring, 9))
        assert poll_all([first, second], waiter, 5) == 1
        timer.join()
        producer(rt, ring, 1)()
        timer = after(0.02, waiter.close)
        run_all([first, second], waiter)
        timer.join()
        assert seen == [b"\x09" + bytes(7), 1]
        second.close()


def test_subscribers_are_served_until_their_stream_is_closed() -> None:
    with stream() as (rt, ring, handle):
        waiter = rt.waiter([ring])
        handle.subscribe(lambda _: handle.close())
        timer = after(0.02, producer(rt, ring, 1))
        run_all([handle], waiter)
        timer.join()
    with stream() as (rt, ring, handle):
        waiter = rt.waiter([ring])
        timer = after(0.02, handle.close)
        run_all([handle], waiter)
        timer.join()
        assert handle.wakes == []


def test_asyncio_reads_waits_and_ends_on_close() -> None:
    with stream() as (rt, ring, handle):
        for n in (1, 2):
            producer(rt, ring, n)()
        quiet = producer(rt, ring, 3, NO_WAKEUP)
        loud = producer(rt, ring, 4)

        async def collect() -> list[int]:
            seen: list[int] = []
            async for n in handle:
                seen.append(n)
                if n == 2:
                    quiet()  # invisible to an epoll registration that lasts
                if n == 3:
                    asyncio.get_running_loop().call_later(0.02, loud)
                if n == 4:
                    after(0.02, handle.close)
            return seen

        assert asyncio.run(asyncio.wait_for(collect(), 5)) == [1, 2, 3, 4]


def test_asyncio_cancellation_is_clean() -> None:
    with stream() as (rt, ring, handle):

        async def first() -> int:
            async for n in handle:
                return n
            return -1

        async def main() -> int:
            task = asyncio.create_task(first())
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # The loop no longer watches the ring: removing the reader finds none.
            assert not asyncio.get_running_loop().remove_reader(handle.fileno())
            producer(rt, ring, 8)()
            return await asyncio.wait_for(first(), 5)

        assert asyncio.run(main()) == 8


def test_two_tasks_share_a_stream() -> None:
    with stream() as (rt, ring, handle):

        async def take(count: int) -> list[int]:
            return [n async for n in handle][:count]

        async def main() -> list[list[int]]:
            tasks = [asyncio.create_task(take(9)) for _ in range(2)]
            await asyncio.sleep(0.02)
            for n in range(4):
                producer(rt, ring, n)()
                await asyncio.sleep(0.005)
            handle.close()
            return await asyncio.wait_for(asyncio.gather(*tasks), 5)

        assert sorted(n for seen in asyncio.run(main()) for n in seen) == [0, 1, 2, 3]


def test_a_wait_longer_than_poll_can_count() -> None:
    with stream() as (rt, ring, _):
        waiter = KernelWaiter([ring.fd])
        waiter.open()
        producer(rt, ring, 1)()
        assert waiter.wait(1e12) is Wait.READY
        waiter.close()
