"""A session from end to end: what it leaves behind, who may end it, and records nobody loses."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from errno import ENOENT
from pathlib import Path
from re import findall
from threading import Thread, Timer
from time import monotonic, sleep

import pytest
from spawning import TRUE, Exec, SchedProcessExec, spawn, watch

from kring import RingBuf, StreamHandle, Struct, char, current, load, tracepoint, u32
from kring.errors import NotLive
from kring.run.kernel.syscall import Fds, bpf_open

pytestmark = pytest.mark.kernel

FD_BY_ID = {"prog_id": 13, "map_id": 14, "btf_id": 19, "link_id": 30}
"""Commands of bpf(2) that open a thing by its id, under the name fdinfo gives the id."""


class Stop(Exception):
    """Of the user's code."""


def open_fds() -> dict[str, str]:
    """Descriptors of this process and what they are; not the one that reads the list."""
    found: dict[str, str] = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue
    return found


def bpf_ids() -> set[tuple[str, int]]:
    """The links, programs, maps and types that this process has open."""
    found: set[tuple[str, int]] = set()
    for fd in open_fds():
        info = Path(f"/proc/self/fdinfo/{fd}").read_text()
        found |= {(kind, int(id)) for kind, id in findall(r"(?m)^(\w+_id):\s+(\d+)", info)}
    return {(kind, id) for kind, id in found if kind in FD_BY_ID}


def alive(kind: str, id: int) -> bool:
    """Whether the kernel still has it."""
    fds = Fds()
    try:
        bpf_open(fds, FD_BY_ID[kind], struct.pack("<3I", id, 0, 0))
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return False
    finally:
        fds.close()
    return True


def gone(ids: set[tuple[str, int]]) -> bool:
    """Whether all have ended within some seconds; the kernel frees them after a grace period."""
    deadline = monotonic() + 5
    while any(alive(*one) for one in ids):
        if monotonic() > deadline:
            return False
        sleep(0.01)
    return True


@contextmanager
def ours(size: int = 256 * 1024) -> Generator[StreamHandle[Exec]]:
    """The live stream of what this process starts."""
    program, events = watch(os.getpid(), size)
    with load(program) as s:
        yield s[events]


def test_leaving_gives_everything_back() -> None:
    before = open_fds()
    with ours() as handle:
        spawn()
        assert len(handle.poll(5)) == 1
        ids = bpf_ids()
        assert {kind for kind, _ in ids} == set(FD_BY_ID)
        assert all(alive(*one) for one in ids)
    assert open_fds() == before
    assert not any(alive(*one) for one in ids if one[0] == "link_id")
    assert gone(ids)


def test_an_exception_gives_everything_back_too() -> None:
    before = open_fds()
    ids: set[tuple[str, int]] = set()

    def user_code() -> None:
        with ours() as handle:
            spawn()
            for _ in handle:
                ids.update(bpf_ids())
                raise Stop

    with pytest.raises(Stop):
        user_code()
    assert open_fds() == before
    assert ids
    assert gone(ids)


def test_a_handle_after_its_session() -> None:
    with ours() as handle:
        spawn()
    assert handle.closed
    assert handle.dropped == 0
    with pytest.raises(NotLive):
        handle.poll(0)
    with pytest.raises(NotLive):
        iter(handle)


def test_declarations_serve_one_session_after_the_other() -> None:
    program, events = watch(os.getpid())
    for _ in range(3):
        with load(program) as s:
            pid = spawn()
            assert [record.pid for record in s[events].poll(5)] == [pid]


def test_close_from_another_thread_ends_the_loop() -> None:
    seen: list[int] = []
    program, events = watch(os.getpid())
    with load(program) as s:
        handle = s[events]
        # A daemon, so that a loop that does not end cannot keep the tests from ending.
        reader = Thread(target=lambda: seen.extend(one.pid for one in handle), daemon=True)
        reader.start()
        started = [spawn() for _ in range(3)]
        sleep(0.2)
        assert reader.is_alive()
        s.close()
        reader.join(5)
        assert not reader.is_alive()
    assert seen == started


def test_close_from_another_thread_ends_async_for() -> None:
    program, events = watch(os.getpid())

    async def read(handle: StreamHandle[Exec]) -> list[int]:
        return [record.pid async for record in handle]

    with load(program) as s:
        started = [spawn() for _ in range(3)]
        closer = Timer(0.2, s.close)
        closer.start()
        assert asyncio.run(asyncio.wait_for(read(s[events]), 5)) == started
        closer.join()


@pytest.mark.parametrize("count", [1, 4, 10])
def test_an_exception_at_a_record_loses_and_repeats_nothing(count: int) -> None:
    seen: list[int] = []

    def user_code(handle: StreamHandle[Exec]) -> None:
        for record in handle:
            seen.append(record.pid)
            if len(seen) == count:
                raise Stop

    with ours() as handle:
        started = [spawn() for _ in range(10)]
        with pytest.raises(Stop):
            user_code(handle)
        assert seen == started[:count]
        assert seen + [record.pid for record in handle.poll(0)] == started
        after = spawn()
        assert [record.pid for record in handle.poll(5)] == [after]
        assert handle.dropped == 0


def test_an_exception_of_a_subscriber_loses_and_repeats_nothing() -> None:
    program, events = watch(os.getpid())
    seen: list[int] = []

    def third(record: Exec) -> None:
        seen.append(record.pid)
        if len(seen) == 3:
            raise Stop

    with load(program) as s:
        s[events].subscribe(third)
        started = [spawn() for _ in range(10)]
        with pytest.raises(Stop):
            s.run()
        assert seen == started[:3]
        assert s.poll(0) == 7
        assert seen == started


def test_cancelling_async_for_loses_and_repeats_nothing() -> None:
    seen: list[int] = []

    async def slowly(handle: AsyncIterator[Exec], enough: asyncio.Event) -> None:
        async for record in handle:
            seen.append(record.pid)
            if len(seen) == 4:
                enough.set()
            await asyncio.sleep(0.01)

    async def cancel(handle: StreamHandle[Exec]) -> list[int]:
        enough = asyncio.Event()
        task = asyncio.create_task(slowly(aiter(handle), enough))
        await enough.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [record.pid for record in handle.poll(0)]

    with ours() as handle:
        started = [spawn() for _ in range(10)]
        rest = asyncio.run(cancel(handle))
        assert len(seen) >= 4
        assert rest
        assert seen + rest == started


def test_cancelling_a_wait_leaves_the_stream_usable() -> None:
    async def wait_and_read(handle: StreamHandle[Exec]) -> list[int]:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(handle)), 0.1)
        started = [spawn() for _ in range(3)]
        async with asyncio.timeout(5):
            for pid in started:
                assert (await anext(aiter(handle))).pid == pid
        return started

    with ours() as handle:
        assert len(asyncio.run(wait_and_read(handle))) == 3
        assert handle.poll(0) == []


class Short(Struct):
    """Small enough that many long names, and then many short ones, fill a small ring."""

    pid: u32
    comm: str = char(16)
    filename: str = char(100)


def test_batches_own_their_memory() -> None:
    """An array stays as it was when the ring goes on, and when it is gone."""
    program, events = watch(os.getpid(), 8192)
    with load(program) as s:
        batches = s[events].batches(max_records=10)
        early = [spawn() for _ in range(10)]
        first = next(batches)
        kept = first.tobytes()
        late = [spawn() for _ in range(10)]
        second = next(batches)
        assert s[events].dropped == 0
    assert (first if first.base is None else first.base).flags.owndata
    assert first.tobytes() == kept
    assert first["pid"].tolist() == early
    assert second["pid"].tolist() == late
    assert set(second["comm"].tolist()) == {b"true"}


def test_batches_show_no_stale_bytes(tmp_path: Path) -> None:
    """Reserved memory is not zeroed: behind a short name lies what an earlier record left."""
    us = os.getpid()
    events = RingBuf[Short](4096)

    @tracepoint("sched:sched_process_exec")
    def on_exec(ctx: SchedProcessExec) -> None:
        if current.task.real_parent.tgid == us:
            with events.reserve() as e:
                e.pid = current.pid
                e.comm = current.comm
                e.filename = ctx.filename

    long = tmp_path / ("n" * 120)
    long.symlink_to(TRUE)
    with load(on_exec) as s:
        batches = s[events].batches()
        for path in (long, Path(TRUE)):
            for _ in range(25):
                spawn(path)
            batch = next(batches)
            assert len(batch) == 25
            assert set(batch["comm"].tolist()) == {path.name.encode()[:15]}
            assert set(batch["filename"].tolist()) == {str(path).encode()[:99]}
