"""Reads that take longer than a millisecond, and how many reads each process made."""

from kring import (
    Context,
    Discard,
    Hash,
    RingBuf,
    Struct,
    char,
    current,
    ktime_ns,
    tracepoint,
    u32,
    u64,
)

MIN_NS = 1_000_000


class Slow(Struct):
    pid: u32
    ns: u64
    comm: str = char(16)


start = Hash[u32, u64](max_entries=10_240)
calls = Hash[u32, u64](max_entries=10_240)
slow = RingBuf[Slow](1 << 20)


@tracepoint("syscalls:sys_enter_read")
def enter() -> None:
    start[current.tid] = ktime_ns()


@tracepoint("syscalls:sys_exit_read")
def leave(ctx: Context) -> None:
    if (t0 := start.pop(current.tid)) is None:
        return
    calls[current.pid] += 1
    with slow.reserve() as e:
        e.ns = ktime_ns() - t0
        if e.ns < MIN_NS or ctx.ret < 0:
            raise Discard
        e.pid = current.pid
        e.comm = current.comm
