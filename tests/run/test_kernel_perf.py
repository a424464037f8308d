"""Perf buffers of the running kernel: exact books, time, pauses, waiting, and nothing left."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
from kernel_programs import in_child, open_before, open_fds, runtime
from perf_load import AT_ONCE, Sent, check_books, read_all, sender, sending

from kring import PerfBuf, PerfHandle, Program, Session, Struct, handles, load, raw_tracepoint, u64
from kring.abi.uapi import MapType
from kring.errors import LoadError, NotLive
from kring.obj.object import Map
from kring.run.kernel import cpus
from kring.run.kernel import perf as kernel_perf
from kring.run.kernel.cpus import online_cpus, parse_cpus, parse_list
from kring.run.target import PerfOptions

pytestmark = pytest.mark.kernel

SHORT = int(os.environ.get("KRING_PERF_RECORDS", "50000"))


class Event(Struct):
    n: u64


def one_sender(events: PerfBuf[Event]) -> Program:
    """A program that sends one record."""

    @raw_tracepoint("sched_switch")
    def send() -> None:
        events.output(Event(n=7))

    return send


def quiet_load(events: PerfBuf[Event]) -> tuple[Session, Program]:
    program = one_sender(events)
    return load(program, attach=False), program


@pytest.mark.parametrize("ordered", [False, True], ids=["as found", "ordered"])
def test_received_and_lost_are_what_was_sent_on_each_cpu(ordered: bool) -> None:
    events = PerfBuf[Sent](4096, ordered=ordered)
    program = sender(events)
    runs = SHORT // AT_ONCE // len(online_cpus())
    counts: Counter[int] = Counter()
    last: dict[int, int] = {}
    with load(program, attach=False) as s:
        stream = s[events]
        with sending(s, program, runs) as senders:
            for records in read_all(stream, senders):
                for record in records:
                    assert record.n > last.get(record.cpu, 0)
                    last[record.cpu] = record.n
                    counts[record.cpu] += 1
        sent = dict.fromkeys(senders.cpus, runs * AT_ONCE)
        check_books(counts, stream.lost, sent)
        assert stream.lost is not None
        assert stream.dropped == sum(stream.lost.values())
        assert stream.dropped > 0, "this was to be too much for the reader"
        assert stream.poll(0) == []


def test_batches_keep_the_books_too() -> None:
    np = pytest.importorskip("numpy")
    events = PerfBuf[Sent](64 * 1024, wakeup_watermark=16 * 1024)
    program = sender(events)
    counts: Counter[int] = Counter()
    with load(program, attach=False) as s:
        stream = s[events]
        with sending(s, program, 50) as senders:

            def finish() -> None:
                senders.join()
                while sum(counts.values()) + sum((stream.lost or {}).values()) < total:
                    time.sleep(0.01)
                stream.close()

            total = 50 * AT_ONCE * len(senders.cpus)
            closing = threading.Thread(target=finish)
            closing.start()
            for rows in stream.batches():
                for cpu, number in zip(*np.unique(rows["cpu"], return_counts=True), strict=True):
                    counts[int(cpu)] += int(number)
            closing.join()
        check_books(counts, stream.lost, dict.fromkeys(senders.cpus, 50 * AT_ONCE))


def test_in_order_of_time() -> None:
    """Two CPUs take turns, with a lock in Python: their records come in just this order."""
    events = PerfBuf[Sent](ordered=True)
    program = sender(events, 1)
    turns: list[int] = []
    with load(program, attach=False) as s:
        stream = s[events]
        lock = threading.Lock()

        def take_turns(cpu: int) -> None:
            os.sched_setaffinity(0, {cpu})
            for _ in range(200):
                with lock:
                    s[program].run()
                    turns.append(cpu)

        threads = [threading.Thread(target=take_turns, args=(cpu,)) for cpu in online_cpus()]
        for thread in threads:
            thread.start()
        found: list[int] = []
        while any(thread.is_alive() for thread in threads):
            found += [record.cpu for record in stream.poll(0.01, max_records=50)]
        while records := stream.poll(0):
            found += [record.cpu for record in records]
    assert found == turns


def test_a_flight_recorder_keeps_the_newest() -> None:
    events = PerfBuf[Sent](4096, overwrite=True, ordered=True)
    program = sender(events)
    with load(program, attach=False) as s:
        stream = s[events]
        with sending(s, program, 20):
            pass
        records = stream.poll(0)
        for cpu in online_cpus():
            own = [record.n for record in records if record.cpu == cpu]
            newest = 20 * AT_ONCE
            assert own == list(range(newest, newest - len(own), -1))
            assert len(own) >= 4096 // (8 + 8 + 4 + 20) - 1
        assert stream.poll(0) == []
        s[program].run()
        assert len(stream.poll(0)) > 50
        assert stream.dropped == 0


def test_snapshots_while_programs_send() -> None:
    """Records are whole and each comes once, newest first in every snapshot."""
    events = PerfBuf[Sent](4096, overwrite=True)
    program = sender(events)
    seen: set[tuple[int, int]] = set()
    with load(program, attach=False) as s, sending(s, program, 20) as senders:
        for records in read_all(s[events], senders):
            for cpu in senders.cpus:
                own = [record.n for record in records if record.cpu == cpu]
                assert own == sorted(own, reverse=True)
            found = {(record.cpu, record.n) for record in records}
            assert len(found) == len(records)
            assert not found & seen
            assert all(0 < n <= 20 * AT_ONCE for _, n in found)
            seen |= found


def test_pause_and_resume() -> None:
    events = PerfBuf[Event]()
    session, program = quiet_load(events)
    with session as s:
        stream: PerfHandle[Event] = s[events]
        run = s[program].run
        run()
        stream.pause()
        run()
        run()
        assert stream.poll(0) == [Event(n=7)]
        assert stream.lost is not None
        assert sum(stream.lost.values()) == stream.dropped == 2
        stream.resume()
        run()
        assert stream.poll(1) == [Event(n=7)]
    assert stream.dropped == 2
    assert sum((stream.lost or {}).values()) == 2
    for use in (stream.pause, stream.resume):
        with pytest.raises(NotLive):
            use()


def test_without_the_programs_counter_the_kernels_is_there() -> None:
    events = PerfBuf[Event](4096, count_drops=False)
    session, program = quiet_load(events)
    with session as s:
        for _ in range(4095 // 24 + 10):
            s[program].run()
        assert s[events].dropped is not None
        assert s[events].dropped + len(s[events].poll(0)) == 4095 // 24 + 10


def test_a_kernel_that_does_not_count_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    real = kernel_perf.perf_buffer_open

    def older(*args: object, lost: bool) -> int:
        if lost:
            raise OSError(22, "Invalid argument")
        return real(*args, lost=lost)  # type: ignore[arg-type]

    monkeypatch.setattr(kernel_perf, "perf_buffer_open", older)
    events = PerfBuf[Event](count_drops=False)
    session, program = quiet_load(events)
    with session as s:
        s[program].run()
        assert s[events].poll(1) == [Event(n=7)]
        assert s[events].lost is None
        assert s[events].dropped is None


@pytest.mark.parametrize("options", [{}, {"wakeup_events": 1}], ids=["default", "at once"])
def test_waits_are_woken_and_bounded(options: dict[str, int]) -> None:
    events = PerfBuf[Event](**options)  # type: ignore[arg-type]
    session, program = quiet_load(events)
    with session as s:
        run = s[program].run
        begin = time.monotonic()
        assert s[events].poll(0.05) == []
        assert 0.05 <= time.monotonic() - begin < 0.5
        timer = threading.Timer(0.02, run)
        timer.start()
        assert s[events].poll(None) == [Event(n=7)]
        assert time.monotonic() - begin < 2
        timer.join()


def test_what_is_below_the_mark_makes_the_descriptor_readable_in_time() -> None:
    events = PerfBuf[Event]()
    session, program = quiet_load(events)
    with session as s:
        fd = s[events].fileno()
        s[program].run()
        assert select.select([fd], [], [], 1)[0] == [fd]
        assert s[events].poll(0) == [Event(n=7)]
        begin = time.monotonic()
        select.select([fd], [], [], 1)
        assert time.monotonic() - begin > 0.03, "looking makes it quiet until the next time"


@pytest.mark.parametrize("options", [{"wakeup_events": 3}, {"wakeup_watermark": 60}])
def test_marks(options: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the mark nobody is woken; a wait that is over looks all the same."""
    monkeypatch.setattr(handles, "LOOK_S", 30.0)
    cpu = min(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    events = PerfBuf[Event](**options)  # type: ignore[arg-type]
    session, program = quiet_load(events)
    with session as s:
        run = s[program].run
        os.sched_setaffinity(0, {cpu})
        try:
            fd = s[events].fileno()
            run()
            run()
            assert select.select([fd], [], [], 0.02)[0] == []
            run()
            assert select.select([fd], [], [], 1)[0] == [fd]
            assert len(s[events].poll(0)) == 3
            run()
            assert s[events].poll(0.02) == [Event(n=7)]
        finally:
            os.sched_setaffinity(0, before)


def test_a_lasting_registration_sees_every_wake_up() -> None:
    """Each CPU's wake-ups, through the one descriptor, inside an epoll of the user's."""
    events = PerfBuf[Event](wakeup_events=1)
    session, program = quiet_load(events)
    before = os.sched_getaffinity(0)
    with session as s, select.epoll() as loop:
        loop.register(s[events].fileno(), select.EPOLLIN)
        try:
            for turn in range(20):
                assert loop.poll(0) == []
                os.sched_setaffinity(0, {sorted(before)[turn % len(before)]})
                s[program].run()
                assert loop.poll(1) != []
                assert s[events].poll(0) == [Event(n=7)]
                loop.poll(0)
        finally:
            os.sched_setaffinity(0, before)


@pytest.mark.parametrize("options", [{}, {"wakeup_events": 1}], ids=["default", "at once"])
def test_asyncio(options: dict[str, int]) -> None:
    events = PerfBuf[Event](**options)  # type: ignore[arg-type]
    session, program = quiet_load(events)
    with session as s:
        run = s[program].run

        async def collect() -> int:
            count = 0
            run()
            async for record in s[events]:
                assert record == Event(n=7)
                count += 1
                if count < 3:
                    asyncio.get_running_loop().call_later(0.005, run)
                else:
                    threading.Timer(0.02, s[events].close).start()
            return count

        assert asyncio.run(asyncio.wait_for(collect(), 5)) == 3


def test_subscribers() -> None:
    events, others = PerfBuf[Event](), PerfBuf[Event]()
    program = one_sender(events)

    @raw_tracepoint("sched_switch")
    def other() -> None:
        others.output(Event(n=8))

    with load(program, other, attach=False) as s:
        seen: list[str] = []
        s[events].subscribe(lambda _: seen.append("first"))
        s[others].subscribe(lambda _: seen.append("second"))
        s[program].run()
        assert s.poll(1) == 1
        timer = threading.Timer(0.02, s[other].run)
        timer.start()
        assert s.poll(5) == 1
        timer.join()
        assert seen == ["first", "second"]


def test_close_from_another_thread_ends_the_loop() -> None:
    events = PerfBuf[Event]()
    session, _ = quiet_load(events)
    with session as s:
        reading = iter(s[events])
        timer = threading.Timer(0.02, s.close)
        timer.start()
        assert list(reading) == []
        timer.join()


def test_a_handler_may_close_everything_while_reading() -> None:
    events = PerfBuf[Event]()
    session, program = quiet_load(events)
    with session as s:
        run = s[program].run
        previous = signal.signal(signal.SIGALRM, lambda *_: s.close())
        try:
            run()
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            for record in s[events]:
                assert record.n == 7
                with suppress(LoadError):
                    run()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


@pytest.mark.parametrize("options", [{}, {"ordered": True}, {"overwrite": True}])
def test_a_handler_may_close_everything_at_any_time(options: dict[str, bool]) -> None:
    """While programs send as fast as they can, wherever the reader is."""
    before = open_before()
    for turn in range(4):
        events = PerfBuf[Sent](4096, **options)  # type: ignore[arg-type]
        program = sender(events)
        with load(program, attach=False) as s:
            stop = threading.Event()

            def send(s: Session = s, stop: threading.Event = stop, run: Program = program) -> None:
                with suppress(LoadError):  # "is gone", once the handler has run
                    while not stop.is_set():
                        s[run].run()

            def close(*_: object, s: Session = s, stop: threading.Event = stop) -> None:
                stop.set()
                s.close()

            sending = threading.Thread(target=send)
            previous = signal.signal(signal.SIGALRM, close)
            try:
                sending.start()
                reading = iter(s[events]) if turn % 2 else s[events].batches()
                signal.setitimer(signal.ITIMER_REAL, 0.003 + 0.003 * turn)
                for _ in reading:
                    pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, previous)
                sending.join()
    # What was being read as the handler came goes with the frames that read it.
    gc.collect()
    assert open_fds() == before


def test_nothing_is_left_behind() -> None:
    before = open_before()
    for options in ({}, {"ordered": True}, {"overwrite": True}):
        events = PerfBuf[Event](**options)  # type: ignore[arg-type]
        session, program = quiet_load(events)
        with session as s:
            s[program].run()
            s[events].fileno()
            assert s[events].poll(1) == [Event(n=7)]
            assert len(open_fds()) > len(before)
        assert open_fds() == before


def test_ctrl_c_while_opening_leaves_nothing() -> None:
    """At whatever line it comes."""
    before = open_before()
    spec = Map("events", MapType.PERF_EVENT_ARRAY, 4, 4)
    for delay in range(1, 40):
        with suppress(KeyboardInterrupt), runtime() as rt:
            live = rt.create_map(spec)
            left = [delay * 3]

            def trace(*_: object, left: list[int] = left) -> object:
                left[0] -= 1
                if not left[0]:
                    raise KeyboardInterrupt
                return trace

            sys.settrace(trace)  # type: ignore[arg-type]
            try:
                rt.perf(live, PerfOptions())
            finally:
                sys.settrace(None)
    assert open_fds() == before


@pytest.mark.parametrize(
    ("text", "numbers", "count"),
    [
        ("0", [0], 1),
        ("0-3\n", [0, 1, 2, 3], 4),
        ("0-1,4-5,8", [0, 1, 4, 5, 8], 9),
        ("3", [3], 4),
        ("0,2,127\n", [0, 2, 127], 128),
    ],
)
def test_lists_of_cpus(text: str, numbers: list[int], count: int) -> None:
    assert list(parse_list(text)) == numbers
    assert parse_cpus(text) == count


def test_a_cpu_that_is_offline_has_no_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its slot stays empty, and those of the others are at their own numbers."""
    last = online_cpus()[-1]
    monkeypatch.setattr(kernel_perf, "online_cpus", lambda: [last])
    before = os.sched_getaffinity(0)
    events = PerfBuf[Sent]()
    program = sender(events, 1)
    with load(program, attach=False) as s:
        assert s[events].lost == {last: 0}
        try:
            for cpu in before:
                os.sched_setaffinity(0, {cpu})
                s[program].run()
        finally:
            os.sched_setaffinity(0, before)
        assert [record.cpu for record in s[events].poll(1)] == [last]
        # Who sent from the others is told so, and counts it.
        assert s[events].dropped == len(before) - 1


def test_an_array_smaller_than_the_machine() -> None:
    with runtime() as rt:
        live = rt.create_map(Map("events", MapType.PERF_EVENT_ARRAY, 4, 4, 1))
        buffers = rt.perf(live, PerfOptions())
        assert [memory.cpu for memory in buffers.memory] == [0]
        assert buffers.lost() == {0: 0}


@pytest.mark.parametrize("size", [5000, 12288, 2048])
def test_sizes_that_no_buffer_has(size: int) -> None:
    with runtime() as rt:
        live = rt.create_map(Map("events", MapType.PERF_EVENT_ARRAY, 4, 4))
        with pytest.raises(LoadError, match=f"{size} bytes for each CPU is not a power of two"):
            rt.perf(live, PerfOptions(size))


def test_the_lists_are_those_of_this_machine() -> None:
    assert set(os.sched_getaffinity(0)) <= set(online_cpus())
    assert cpus.possible_cpus() > max(online_cpus())


OPEN = """
from kring.run.target import PerfOptions
with runtime() as rt:
    live = rt.create_map(Map("events", MapType.PERF_EVENT_ARRAY, 4, 4))
    refusal(lambda: rt.perf(live, PerfOptions({size})))
"""
CAP_PERFMON, CAP_BPF = 1 << 38, 1 << 39


def test_without_the_capability_its_name_is_said() -> None:
    said = in_child(OPEN.format(size=4096), capabilities=CAP_BPF)
    assert said.startswith(
        'NotPermitted True 13 EACCES: opening perf buffer "events" needs CAP_PERFMON;'
    )


def test_more_memory_than_may_be_locked() -> None:
    said = in_child(OPEN.format(size=64 << 20), capabilities=CAP_BPF | CAP_PERFMON)
    assert said.startswith('LoadError False 1 EPERM: mapping perf buffer "events" of 67108864 byte')
    assert "kernel.perf_event_mlock_kb allows" in said
