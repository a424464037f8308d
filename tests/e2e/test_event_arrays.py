"""Arrays among the fields of tracepoints: arguments of system calls, data without a fixed place."""

from __future__ import annotations

import os

import pytest

from kring import (
    Array,
    Context,
    RingBuf,
    Struct,
    TracepointArgs,
    Vm,
    array,
    current,
    i64,
    load,
    tracepoint,
    u8,
    u32,
    u64,
)
from kring.abi.tracepoints import TraceField

MAGIC = 0x1234_5678_9ABC
_GETPRIORITY = 140


class Call(Struct):
    args: tuple[int, ...] = array(6, u64)
    total: u64
    one: u64


class Entered(TracepointArgs):
    id: i64
    args: tuple[int, ...] = array(6, u64)


class Error(TracepointArgs):
    len: u32
    buf: bytes = array(8)


class Seen(Struct):
    buf: bytes = array(8)
    first: u8
    last: u8


calls = RingBuf[Call](1 << 16)
seen = RingBuf[Seen](1 << 16)
only = Array[u64](1)


@tracepoint("raw_syscalls:sys_enter")
def entered(ctx: Entered) -> None:
    if ctx.id != _GETPRIORITY or current.pid != only[0]:
        return
    with calls.reserve() as e:
        e.args = ctx.args
        args = ctx.args
        for i in range(6):
            e.total += args[i]
        e.one = ctx.args[1]


@tracepoint("raw_syscalls:sys_enter")
def by_name(ctx: Context) -> None:
    if ctx.id != _GETPRIORITY or current.pid != only[0]:
        return
    with calls.reserve() as e:
        e.one = ctx.args[1]


@tracepoint("ras:non_standard_event")
def error(ctx: Error) -> None:
    with seen.reserve() as e:
        e.buf = ctx.buf
        e.first = ctx.buf[0]
        e.last = ctx.buf[7]


@pytest.mark.kernel
def test_arguments_of_a_system_call() -> None:
    with load(entered) as s:
        s[only][0] = os.getpid()
        with pytest.raises(ProcessLookupError):
            os.getpriority(os.PRIO_PROCESS, 0x7FFF_FFF0)
        (call,) = s[calls].poll(timeout=1)
        assert call.args[:2] == (os.PRIO_PROCESS, 0x7FFF_FFF0)
        assert call.one == 0x7FFF_FFF0
        assert call.total == sum(call.args) % 2**64
    with load(by_name) as s:
        s[only][0] = os.getpid()
        with pytest.raises(ProcessLookupError):
            os.getpriority(os.PRIO_PROCESS, 0x7FFF_FFF1)
        (call,) = s[calls].poll(timeout=1)
        assert call.one == 0x7FFF_FFF1


@pytest.mark.kernel
def test_data_without_a_fixed_place_is_loaded() -> None:
    with load(error) as s:
        assert s[seen].poll(timeout=0) == []


@pytest.mark.parametrize("size", [0, 3, 8, 20])
def test_data_without_a_fixed_place_in_the_vm(size: int) -> None:
    fields = [
        TraceField("len", "u32", 8, 4, False),
        TraceField("buf", "__data_loc u8[]", 12, 4, False),
    ]
    data = bytes(range(1, size + 1))
    with load(error, on=Vm(tracepoints={"ras:non_standard_event": fields}), attach=False) as s:
        s[error].run(ctx=bytes(12) + (size << 16 | 16).to_bytes(4, "little") + data)
        (one,) = s[seen].poll(timeout=0)
        expected = data[:8].ljust(8, b"\0")
        assert (one.buf, one.first, one.last) == (expected, expected[0], expected[7])
