"""One run of a loaded program on given input: BPF_PROG_TEST_RUN.

In: a packet, a context, or both. Out: `RunResult`. What the kernel takes depends on the kind: raw
tracepoints, syscall programs and those that look up sockets a context only, the others a packet,
and many kinds nothing at all.
"""

from __future__ import annotations

from errno import EFAULT, EINVAL, EPERM
from struct import Struct

from kring.abi.programs import Kind
from kring.errors import LoadError, NotSupported
from kring.run.kernel.privilege import needs, not_permitted
from kring.run.kernel.syscall import (
    ENOTSUPP,
    PROG_TEST_RUN,
    Buffer,
    address,
    bpf,
    buffer,
    error_name,
)
from kring.run.target import RunResult
from kring.spelling import article

_ETHERNET_HEADER_SIZE = 14
_GROWTH = 256
"""Bytes by which a program may have grown its packet in a test-run (XDP_PACKET_HEADROOM)."""

_BARE = frozenset({"raw_tracepoint", "syscall"})
"""Kinds whose test-run takes a context only, and refuses to repeat or to measure."""

_OF_SOCKET = "sk_lookup"
"""The kind whose test-run takes a context only, which there must be."""

# prog_fd, retval, data sizes in and out, data pointers in and out, repeat, duration, context sizes
# in and out, context pointers in and out, flags, cpu, batch_size
_ATTR = Struct("<4I2Q4I2Q3I4x")


def test_run(fd: int, name: str, kind: Kind, data: bytes, ctx: bytes, repeat: int) -> RunResult:
    """What the program made of `data` (a packet) and `ctx` (its context's bytes).

    Raises: NotSupported for a kind the kernel cannot test-run, LoadError if it refuses these
    arguments.
    """
    try:
        if kind.name == _OF_SOCKET and not data:
            return _run_on_context(fd, ctx, repeat)
        if kind.name in _BARE:
            return _run_bare(fd, data, ctx, repeat, reads_back=kind.name == "syscall")
        return _run_on_packet(fd, data, ctx, repeat)
    except OSError as error:
        raise _refused(name, kind, data, error.errno or 0) from None


def _run_bare(fd: int, data: bytes, ctx: bytes, repeat: int, reads_back: bool) -> RunResult:
    packet, context = _input(data), _input(ctx)
    value = 0
    for _ in range(max(repeat, 1)):
        value = _run(fd, packet, None, context, None, 0)[1]
    # A syscall program's context is the caller's own memory.
    return RunResult(value, ctx=context.raw if context and reads_back else b"")


def _run_on_context(fd: int, ctx: bytes, repeat: int) -> RunResult:
    ctx_out = _input(ctx)
    result = _run(fd, None, None, _input(ctx), ctx_out, repeat)
    _, value, _, _, _, _, _, duration, _, ctx_size, *_ = result
    return RunResult(value, ctx=ctx_out.raw[:ctx_size] if ctx_out else b"", duration_ns=duration)


def _run_on_packet(fd: int, data: bytes, ctx: bytes, repeat: int) -> RunResult:
    data_out, ctx_out = buffer(len(data) + _GROWTH), _input(ctx)
    result = _run(fd, _input(data), data_out, _input(ctx), ctx_out, repeat)
    _, value, _, size, _, _, _, duration, _, ctx_size, *_ = result
    return RunResult(
        value, data_out.raw[:size], ctx_out.raw[:ctx_size] if ctx_out else b"", duration
    )


def _input(data: bytes) -> Buffer | None:
    return buffer(data) if data else None


def _run(
    fd: int,
    data: Buffer | None,
    data_out: Buffer | None,
    ctx: Buffer | None,
    ctx_out: Buffer | None,
    repeat: int,
) -> tuple[int, ...]:
    """`union bpf_attr` after the run."""
    memories = (data, data_out, ctx, ctx_out)
    sizes = [len(memory) if memory else 0 for memory in memories]
    places = [address(memory) for memory in memories]
    attr = buffer(
        _ATTR.pack(fd, 0, *sizes[:2], *places[:2], repeat, 0, *sizes[2:], *places[2:], 0, 0, 0)
    )
    bpf(PROG_TEST_RUN, attr)
    return _ATTR.unpack_from(attr)


def _refused(name: str, kind: Kind, data: bytes, errno: int) -> LoadError:
    what = f'test-run of "{name}"'
    if errno == ENOTSUPP or (errno in (EINVAL, EFAULT) and not kind.test_run):
        return NotSupported(
            f"{error_name(errno)}: {what}: the kernel cannot test-run {kind.name} programs;"
            " attach it and let its hook fire",
            errno,
        )
    if errno == EPERM:
        return not_permitted(what, needs(kind.type))
    if kind.name in _BARE:
        expects = f"{article(kind.name)} program takes no data and only the context it reads"
    elif kind.name == _OF_SOCKET:
        expects = (
            f"{article(kind.name)} program takes no data, and a `struct bpf_sk_lookup` as `ctx`"
        )
    elif len(data) < _ETHERNET_HEADER_SIZE:
        expects = f"data must be at least {_ETHERNET_HEADER_SIZE} bytes, got {len(data)}"
    else:
        expects = "the kernel refused these arguments"
    return LoadError(f"{error_name(errno)}: {what}: {expects}", errno)
