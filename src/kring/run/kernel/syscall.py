"""System calls that Python has no function for, and descriptors that cannot be lost.

In: numbers and bytes. Out: results, or `OSError`. `union bpf_attr` is packed by the caller; every
pointer in it is the `address` of a `buffer` the caller keeps alive during the call.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from errno import EINTR, errorcode
from mmap import mmap
from time import CLOCK_MONOTONIC

from kring.errors import LoadError, NotSupported
from kring.run.target import PerfOptions

ENOTSUPP = 524
"""An errno of the kernel's own that reaches user space and that neither libc nor Python names."""

MAP_CREATE = 0
MAP_LOOKUP_ELEM = 1
MAP_UPDATE_ELEM = 2
MAP_DELETE_ELEM = 3
MAP_GET_NEXT_KEY = 4
MAP_LOOKUP_AND_DELETE_ELEM = 21
PROG_LOAD = 5
OBJ_PIN = 6
OBJ_GET = 7
PROG_TEST_RUN = 10
OBJ_GET_INFO_BY_FD = 15
RAW_TRACEPOINT_OPEN = 17
BTF_LOAD = 18
LINK_CREATE = 28
ITER_CREATE = 33

PERF_TYPE_SOFTWARE = 1
PERF_TYPE_TRACEPOINT = 2
_PERF_FLAG_FD_CLOEXEC = 8
_PERF_ATTR_SIZE = 72
"""PERF_ATTR_SIZE_VER1, which knows config2."""
_PERF_ATTR_SIZE_CLOCK = 96
"""PERF_ATTR_SIZE_VER3, which knows clockid."""
_SW_BPF_OUTPUT = 10
_SAMPLE_TIME = 1 << 2
_SAMPLE_RAW = 1 << 10
_FORMAT_LOST = 1 << 4
# Bits of struct perf_event_attr.
_DISABLED = 1
_WATERMARK = 1 << 14
_USE_CLOCKID = 1 << 25
_WRITE_BACKWARD = 1 << 27
_CLOCK_MONOTONIC_RAW = 4
_FSOPEN_CLOEXEC = 1
_FSCONFIG_CMD_CREATE = 6

# bpf, perf_event_open, fsopen, fsconfig, fsmount, timerfd_create, timerfd_settime
_NUMBERS = {"x86_64": (321, 298, 430, 431, 432, 283, 286)}
_ARGS = 6

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = (ctypes.c_long,) * (1 + _ARGS)

Buffer = ctypes.Array[ctypes.c_char]


def buffer(data: bytes | int) -> Buffer:
    """Memory that the kernel may read and write: a copy of `data`, or that many zeros."""
    if isinstance(data, int):
        return ctypes.create_string_buffer(max(data, 1))
    return ctypes.create_string_buffer(data, max(len(data), 1))


def address(memory: Buffer | None) -> int:
    """Where the memory begins, 0 for none."""
    return 0 if memory is None else ctypes.addressof(memory)


def error_name(errno: int) -> str:
    """`EPERM` for 1."""
    return "ENOTSUPP" if errno == ENOTSUPP else errorcode.get(errno, f"errno {errno}")


def error_text(errno: int) -> str:
    """What it means, as the C library has it."""
    return "Operation is not supported" if errno == ENOTSUPP else os.strerror(errno)


def failed(what: str, error: OSError, kind: type[LoadError] = LoadError) -> LoadError:
    """The error for `what` ("opening …") where the errno says all there is to say."""
    errno = error.errno or 0
    return kind(f"{error_name(errno)}: {what}: {error.strerror}", errno)


def _error(errno: int) -> OSError:
    return OSError(errno, error_text(errno))


class Fds:
    """Descriptors to close, newest first."""

    __slots__ = ("_fds",)

    def __init__(self) -> None:
        self._fds: list[int] = []

    def keep(self, make: Callable[..., int], *args: int | str) -> int:
        """The descriptor that `make`, a function written in C, returned; it is in the list already.

        `map` and `extend` run no bytecode between the call and the list, so a Ctrl-C, which Python
        raises between bytecodes, cannot come between the two and leave a descriptor nobody knows.
        """
        self._fds.extend(map(make, *((arg,) for arg in args)))
        return self._fds[-1]

    def forget_failed(self) -> None:
        """Drop the -1 that a failing call left."""
        self._fds.pop()

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._fds))

    def close(self) -> None:
        """Close all; closing again does nothing."""
        while self._fds:
            try:
                # As in `keep`: no Ctrl-C between taking one from the list and closing it.
                any(map(os.close, iter(self._fds.pop, -1)))
            except IndexError:
                return


def unmap(mappings: list[mmap]) -> None:
    """Give mapped memory back."""
    while mappings:
        mapping = mappings.pop()
        try:
            mapping.close()
        except BufferError:
            # Somebody still holds a slice of it; the mapping goes when the last slice does.
            continue


def _number(index: int) -> int:
    machine = os.uname().machine
    numbers = _NUMBERS.get(machine)
    if numbers is None:
        raise NotSupported(f"kring runs programs on {', '.join(_NUMBERS)}; this is {machine}")
    return numbers[index]


def _call(number: int, *args: int) -> int:
    while True:
        result: int = _syscall(number, *args, *(0,) * (_ARGS - len(args)))
        if result >= 0:
            return result
        # Python's handlers have run by the next iteration: a Ctrl-C has been raised by then.
        if ctypes.get_errno() != EINTR:
            raise _error(ctypes.get_errno())


def _open(fds: Fds, number: int, *args: int) -> int:
    while True:
        fd = fds.keep(_syscall, number, *args, *(0,) * (_ARGS - len(args)))
        if fd >= 0:
            return fd
        errno = ctypes.get_errno()
        fds.forget_failed()
        if errno != EINTR:
            raise _error(errno)


def bpf(command: int, attr: bytes | Buffer) -> int:
    """bpf(2) for commands that make no descriptor; results appear in `attr` if it is a buffer."""
    memory = buffer(attr) if isinstance(attr, bytes) else attr
    return _call(_number(0), command, address(memory), len(attr))


def bpf_open(fds: Fds, command: int, attr: bytes) -> int:
    """bpf(2) for commands that make a descriptor, which belongs to `fds`."""
    memory = buffer(attr)
    return _open(fds, _number(0), command, address(memory), len(attr))


def perf_event_open(
    fds: Fds,
    type: int,
    config: int,
    config1: int = 0,
    config2: int = 0,
    sample: int = 0,
    flags: int = 0,
    pid: int = -1,
    cpu: int = 0,
) -> int:
    """A perf event of one process (-1 all) on one CPU (-1 any); it belongs to `fds`.

    `sample` is a period, or a frequency if `flags` say so.
    """
    attr = struct.pack(
        "<IIQQQQQIIQQ", type, _PERF_ATTR_SIZE, config, sample, 0, 0, flags, 0, 0, config1, config2
    )
    memory = buffer(attr)
    no_group = -1
    return _open(fds, _number(1), address(memory), pid, cpu, no_group, _PERF_FLAG_FD_CLOEXEC)


def perf_buffer_open(fds: Fds, cpu: int, options: PerfOptions, *, lost: bool) -> int:
    """A software event that only programs write to, one sample for each thing they send, on one
    CPU; it belongs to `fds`. Reading it gives two u64: a count that means nothing, and the samples
    lost, if `lost` asks for them."""
    sample_type = _SAMPLE_RAW | (_SAMPLE_TIME if options.timed else 0)
    flags = (
        _DISABLED
        | (0 if options.wakeup_events else _WATERMARK)
        | (_WRITE_BACKWARD if options.overwrite else 0)
        | (_USE_CLOCKID if options.timed else 0)
    )
    attr = struct.pack(
        "<IIQQQQQII2Q2QIi", PERF_TYPE_SOFTWARE, _PERF_ATTR_SIZE_CLOCK, _SW_BPF_OUTPUT, 1,
        sample_type, _FORMAT_LOST if lost else 0, flags,
        options.wakeup_events or options.wakeup_watermark, 0, 0, 0, 0, 0, 0,
        _CLOCK_MONOTONIC_RAW if options.timed else 0,
    )  # fmt: skip
    memory = buffer(attr)
    all_tasks = no_group = -1
    return _open(fds, _number(1), address(memory), all_tasks, cpu, no_group, _PERF_FLAG_FD_CLOEXEC)


def timer_open(fds: Fds, seconds: float) -> int:
    """A timer that is readable every so many seconds until it is read, which never blocks; it
    belongs to `fds`."""
    fd = _open(fds, _number(5), CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    whole, part = divmod(int(seconds * 1e9), 10**9)
    every = buffer(struct.pack("<4q", whole, part, whole, part))
    _call(_number(6), fd, 0, address(every), 0)
    return fd


def detached_mount(fds: Fds, filesystem: str) -> int:
    """The root of a fresh mount that no path leads to; it ends when the descriptor closes.

    The descriptor is O_PATH: open files below it with `dir_fd`. It belongs to `fds`, and so does
    the one that configures the mount, which is of no further use.
    Since: Linux 5.2.
    """
    name = buffer(filesystem.encode() + b"\0")
    context = _open(fds, _number(2), address(name), _FSOPEN_CLOEXEC)
    _call(_number(3), context, _FSCONFIG_CMD_CREATE)
    return _open(fds, _number(4), context, _FSOPEN_CLOEXEC)
