"""Perf buffers of the VM, in memory laid out as the kernel's: the consumer's code reads both alike.

In:  a `Map` of type PERF_EVENT_ARRAY.
Out: `PerfMap`, whose buffers are open once `open` was called, and `VmPerf`, their memory.
Rule: what `output` does and says is what the kernel's bpf_perf_event_output does and says, in the
same order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import E2BIG, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP
from time import CLOCK_MONOTONIC_RAW, clock_gettime_ns
from typing import Final

from kring.abi.uapi import BPF_F_CURRENT_CPU, PERF_RECORD_LOST, PERF_RECORD_SAMPLE
from kring.errors import LoadError
from kring.obj.object import Map
from kring.run.target import PerfMemory, PerfOptions
from kring.run.vm.maps import VmMap
from kring.run.vm.memory import MASK64, Memory

_LARGEST_RECORD: Final = 0xFFFF
_MISC_KERNEL: Final = 1


class CpuRing:
    """One CPU's buffer. See: kernel/events/ring_buffer.c."""

    def __init__(self, cpu: int, options: PerfOptions) -> None:
        self._options = options
        self._mask = options.size - 1
        positions = memoryview(bytearray(16)).cast("Q")
        self.head, self.tail = positions[:1], positions[1:]
        self.data = bytearray(options.size)
        # Views of their own: whoever gets them may release them.
        self.memory = PerfMemory(
            cpu, memoryview(self.head), memoryview(self.tail), memoryview(self.data), options.size
        )
        self.paused = False
        self.lost = 0
        self._unreported = 0

    def output(self, data: bytes) -> int:
        """0, or -ENOSPC for a record that found no room. See: __perf_output_begin."""
        record = self._sample(data)
        if len(record) > _LARGEST_RECORD:
            return -E2BIG
        if self._unreported:
            lost = struct.pack("<IHHQQ", PERF_RECORD_LOST, 0, 24, 0, self._unreported)
            record = lost + record
        head, size = self.head[0], len(record)
        room = (self.tail[0] - head - 1) & self._mask
        if self.paused or (not self._options.overwrite and room < size):
            self.lost += 1
            self._unreported += 1
            return -ENOSPC
        begin = (head - size if self._options.overwrite else head) & MASK64
        self._write(begin & self._mask, record)
        self.head[0] = begin if self._options.overwrite else (head + size) & MASK64
        self._unreported = 0
        return 0

    def _sample(self, data: bytes) -> bytes:
        raw = (4 + len(data) + 7) // 8 * 8 - 4
        time = b""
        if self._options.timed:
            time = struct.pack("<Q", clock_gettime_ns(CLOCK_MONOTONIC_RAW))
        size = 8 + len(time) + 4 + raw
        head = struct.pack("<IHH", PERF_RECORD_SAMPLE, _MISC_KERNEL, size & _LARGEST_RECORD)
        return head + time + struct.pack("<I", raw) + data.ljust(raw, b"\0")

    def _write(self, at: int, record: bytes) -> None:
        first = min(len(record), len(self.data) - at)
        self.data[at : at + first] = record[:first]
        self.data[: len(record) - first] = record[first:]


class VmPerf:
    """The open buffers of one map."""

    def __init__(self, live: PerfMap) -> None:
        self._live = live

    @property
    def memory(self) -> list[PerfMemory]:
        return [ring.memory for ring in self._live.rings.values()]

    def looked(self) -> None:
        """Whoever waits in the VM sees all that is there."""

    def pause(self, paused: bool) -> None:
        for ring in self._rings().values():
            ring.paused = paused

    def lost(self) -> dict[int, int]:
        return {cpu: ring.lost for cpu, ring in self._rings().items()}

    def _rings(self) -> dict[int, CpuRing]:
        if self._live.gone:
            raise LoadError(f"perf buffer {self._live.spec.name!r} is gone: its session has ended")
        return self._live.rings


class PerfMap(VmMap):
    """PERF_EVENT_ARRAY: a buffer for each CPU once they are open. `on_data` is called when
    something came."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._entries = spec.max_entries or cpus
        self._possible = range(min(self._entries, cpus))
        self.rings: dict[int, CpuRing] = {}
        self.on_data: list[Callable[[], None]] = []

    def open(self, options: PerfOptions) -> VmPerf:
        """The buffers, which programs find from here on."""
        self.rings = {cpu: CpuRing(cpu, options) for cpu in self._possible}
        return VmPerf(self)

    @property
    def unread(self) -> bool:
        """Whether a buffer has something that was not read."""
        return any(ring.head[0] != ring.tail[0] for ring in self.rings.values())

    def output(self, cpu: int, data: bytes, flags: int) -> int:
        """Write one record, from a program that runs on `cpu`; 0 or a negative errno.

        See: kernel/trace/bpf_trace.c, bpf_perf_event_output.
        """
        if flags & ~BPF_F_CURRENT_CPU:
            return -EINVAL
        index = cpu if flags == BPF_F_CURRENT_CPU else flags
        if index >= self._entries:
            return -E2BIG
        ring = self.rings.get(index)
        if ring is None:
            return -ENOENT
        if index != cpu:
            return -EOPNOTSUPP
        result = ring.output(data)
        if not result:
            # Whatever the mark: to wake costs nothing here.
            for wake in self.on_data:
                wake()
        return result
