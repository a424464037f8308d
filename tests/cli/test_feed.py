"""Programs in the VM that run because a feed has events."""

from __future__ import annotations

import asyncio
import itertools
from time import monotonic

import pytest

from kring import Discard, RingBuf, Struct, TracepointArgs, Vm, char, current, load, tracepoint, u32
from kring.errors import VmError
from kring.run.vm.feed import Event
from kring.run.vm.task import Task

HOOK = "sched:sched_process_exec"


class Exec(Struct):
    pid: u32
    ppid: u32
    filename: str = char(32)


class Args(TracepointArgs):
    filename: str


events = RingBuf[Exec](4096)


@tracepoint(HOOK)
def on_exec(ctx: Args) -> None:
    with events.reserve() as e:
        if current.pid == 99:
            raise Discard
        e.pid = current.pid
        e.ppid = current.task.real_parent.tgid
        e.filename = ctx.filename


def started(pid: int) -> Event:
    return Event(HOOK, {"filename": f"/bin/{pid}"}, Task(pid=pid, tid=pid, ppid=5))


def expected(*pids: int) -> list[Exec]:
    return [Exec(pid=pid, ppid=5, filename=f"/bin/{pid}") for pid in pids]


def test_a_loop_sees_every_event_and_ends_with_the_feed() -> None:
    # More than the ring holds at once: nothing happens while nobody waits.
    feed = [started(pid) for pid in range(100, 400)]
    with load(on_exec, on=Vm(feed=feed)) as s:
        assert list(s[events]) == expected(*range(100, 400))
        assert s[events].dropped == 0


def test_an_async_loop_sees_the_same() -> None:
    async def collect() -> list[Exec]:
        with load(on_exec, on=Vm(feed=[started(1), None, started(2)])) as s:
            return [e async for e in s[events]]

    assert asyncio.run(collect()) == expected(1, 2)


def test_other_hooks_run_nothing() -> None:
    with load(on_exec, on=Vm(feed=[Event("sched:sched_process_exit", {}), started(1)])) as s:
        assert list(s[events]) == expected(1)


@pytest.mark.parametrize("feed", [itertools.repeat(None), map(started, itertools.repeat(99))])
def test_a_timeout_is_a_bound_for_feeds_that_give_no_record(feed: itertools.repeat[None]) -> None:
    with load(on_exec, on=Vm(feed=feed)) as s:
        begin = monotonic()
        assert s[events].poll(0.1) == []
        assert 0.1 <= monotonic() - begin < 2


def test_a_fault_comes_out_where_records_are_read() -> None:
    with load(on_exec, on=Vm(feed=[started(1), started(2)], limit=5)) as s:
        with pytest.raises(VmError):
            s[events].poll(1)
        with pytest.raises(VmError):
            s[events].poll(1)
        assert s[events].poll(1) == []
