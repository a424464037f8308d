"""Send a record of every file descriptor that is closed."""
from kring import (
    RingBuf,
    Struct,
    TracepointArgs,
    char,
    current,
    ktime_ns,
    tracepoint,
    u32,
    u64,
)


class SysEnterClose(TracepointArgs):
    fd: u64


class Closed(Struct):
    ns: u64
    pid: u32
    fd: u32
    comm: str = char(16)


closed = RingBuf[Closed](256 * 1024)


@tracepoint("syscalls:sys_enter_close")
def output_event(ctx: SysEnterClose) -> None:
    closed.output(Closed(ns=ktime_ns(), pid=current.pid, fd=ctx.fd, comm=current.comm))
