"""Perf buffers in the kernel: one software event for each CPU, its memory mapped, in its map.

In: a live PERF_EVENT_ARRAY. Out: `KernelPerf`, its buffers' memory and descriptors.

    page 0: struct perf_event_mmap_page          pages 1 to 2^n
    | … | 1024: data_head | 1032: data_tail | …  | data |

An entry's index is the CPU's id. A CPU that is offline has no buffer, and neither has one that is
beyond the array's entries; programs that send there get an error.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from errno import EACCES, EAGAIN, EBADF, EINVAL, EPERM
from fcntl import ioctl
from mmap import MAP_SHARED, PAGESIZE, PROT_READ, PROT_WRITE, mmap
from select import EPOLLIN, epoll

from kring.errors import LoadError
from kring.run.kernel.cpus import online_cpus
from kring.run.kernel.maps import shape
from kring.run.kernel.privilege import PERFMON, not_permitted, sysctl
from kring.run.kernel.syscall import Fds, failed, perf_buffer_open, timer_open, unmap
from kring.run.target import LiveMap, PerfMemory, PerfOptions

_MLOCK = "/proc/sys/kernel/perf_event_mlock_kb"
_ENABLE = 0x2400
_PAUSE_OUTPUT = 0x4004_2409
_HEAD = 1024
"""Where data_head stands; data_tail follows."""


class KernelPerf:
    """The buffers of one map; their descriptors belong to the runtime."""

    def __init__(self, live: LiveMap, options: PerfOptions) -> None:
        self._name = live.spec.name
        self._live = live
        self._options = options
        self._fds: dict[int, int] = {}
        self._mappings: list[mmap] = []
        self._counts_lost = True
        self._epoll: epoll | None = None
        self._timers = Fds()
        self._timer = -1
        self.memory: list[PerfMemory] = []

    def open(self, fds: Fds) -> None:
        """A buffer for each CPU that is online and has an entry.

        Raises: NotPermitted, or LoadError for sizes that the kernel refuses.
        """
        size = self._options.size
        if size % PAGESIZE or size & (size - 1):
            raise LoadError(
                f'perf buffer "{self._name}": {size} bytes for each CPU is not a power of two that'
                f" fills whole pages of {PAGESIZE} bytes",
                EINVAL,
            )
        entries = shape(self._live.spec)[3]
        for cpu in online_cpus():
            if cpu < entries:
                fd = self._event(fds, cpu)
                self.memory.append(self._map(cpu, fd))
                self._live.update(struct.pack("<I", cpu), struct.pack("<I", fd))
                ioctl(fd, _ENABLE, 0)
                self._fds[cpu] = fd

    def _event(self, fds: Fds, cpu: int) -> int:
        try:
            try:
                return perf_buffer_open(fds, cpu, self._options, lost=self._counts_lost)
            except OSError as error:
                if error.errno != EINVAL or not self._counts_lost:
                    raise
            # Only the count of losses is newer than the rest.
            self._counts_lost = False
            return perf_buffer_open(fds, cpu, self._options, lost=False)
        except OSError as error:
            what = f'opening perf buffer "{self._name}"'
            if error.errno in (EACCES, EPERM):
                raise not_permitted(what, (PERFMON,), error.errno) from None
            raise failed(f"{what} of CPU {cpu}", error) from None

    def _map(self, cpu: int, fd: int) -> PerfMemory:
        size, overwrite = self._options.size, self._options.overwrite
        # The kernel overwrites what it cannot be told was read: memory that is read-only here.
        access = PROT_READ if overwrite else PROT_READ | PROT_WRITE
        try:
            mapping = mmap(fd, PAGESIZE + size, MAP_SHARED, access)
        except OSError as error:
            what = f'mapping perf buffer "{self._name}" of {size} bytes for CPU {cpu}'
            if error.errno == EPERM:
                raise LoadError(
                    f"EPERM: {what} is beyond the {sysctl(_MLOCK)} KiB that"
                    " kernel.perf_event_mlock_kb allows for each CPU. Make it smaller, or run it"
                    " with CAP_IPC_LOCK",
                    EPERM,
                ) from None
            raise failed(what, error) from None
        self._mappings.append(mapping)
        page = memoryview(mapping)
        tail = memoryview(bytearray(8)) if overwrite else page[_HEAD + 8 : _HEAD + 16]
        return PerfMemory(
            cpu, page[_HEAD : _HEAD + 8].cast("Q"), tail.cast("Q"), page[PAGESIZE:], size
        )

    @property
    def fds(self) -> Sequence[int]:
        """The descriptors that become readable."""
        return tuple(self._fds.values())

    @property
    def look_s(self) -> float:
        return self._options.look_s

    def fileno(self) -> int:
        """One descriptor that is readable after a wake-up of any of them, and when it is time to
        look for what is below the mark.

        Perf events tell everybody who waits of each wake-up, so a registration may last.
        """
        if self._epoll is None:
            made = epoll()
            for fd in self._fds.values():
                made.register(fd, EPOLLIN)
            if self.look_s:
                self._timer = timer_open(self._timers, self.look_s)
                made.register(self._timer, EPOLLIN)
            self._epoll = made
        return self._epoll.fileno()

    def looked(self) -> None:
        """It is not time to look any more."""
        if self._timer >= 0:
            try:
                os.read(self._timer, 8)
            except OSError as error:
                # Nothing to read, or closed by now.
                if error.errno not in (EAGAIN, EBADF):
                    raise

    def pause(self, paused: bool) -> None:
        """Since: Linux 4.7, commit 86e7972f690c ("perf/ring_buffer: Introduce new ioctl options to
        pause and resume the ring-buffer")."""
        self._each(lambda fd: ioctl(fd, _PAUSE_OUTPUT, int(paused)))

    def lost(self) -> dict[int, int] | None:
        if not self._counts_lost:
            return None
        return self._each(lambda fd: struct.unpack("<QQ", os.read(fd, 16))[1])

    def _each(self, act: Callable[[int], int]) -> dict[int, int]:
        """What the call gave for each CPU's descriptor.

        Raises: LoadError if they are closed, before or meanwhile, by a signal handler say.
        """
        try:
            if self._live.fd >= 0:
                return {cpu: act(fd) for cpu, fd in self._fds.items()}
        except OSError:
            if self._live.fd >= 0:
                raise
        raise LoadError(f'perf buffer "{self._name}" is gone: its session has ended')

    def forget(self) -> None:
        """Give the memory back; its views are dead from here on."""
        memory, self.memory = self.memory, []
        for each in memory:
            for view in (each.head, each.tail, each.data):
                view.release()
        unmap(self._mappings)
        if self._epoll is not None:
            self._epoll.close()
        self._timer = -1
        self._timers.close()
