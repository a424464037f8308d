"""A model of the kernel's side of perf buffers, as kernel/events/ring_buffer.c fills them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from kring.run.target import PerfMemory

SAMPLE, LOST, MMAP = 9, 2, 1
U64 = 2**64


class ModelCpu:
    """One CPU's buffer, byte for byte; `start` is where its positions begin."""

    def __init__(
        self, cpu: int, size: int, *, start: int = 0, backward: bool = False, timed: bool = False
    ) -> None:
        self.cpu = cpu
        self.size = size
        self.backward = backward
        self.timed = timed
        self.positions = memoryview(bytearray(16)).cast("Q")
        self.positions[0] = self.positions[1] = start % U64
        self.data = bytearray(b"\xa5" * size)
        self.lost = 0
        self.unreported = 0
        self.paused = False

    @property
    def memory(self) -> PerfMemory:
        head, tail = self.positions[0:1], self.positions[1:2]
        return PerfMemory(self.cpu, head, tail, memoryview(self.data).toreadonly(), self.size)

    @property
    def used(self) -> int:
        return (self.positions[0] - self.positions[1]) % U64

    def put(self, position: int, data: bytes) -> None:
        for i, byte in enumerate(data):
            self.data[(position + i) % self.size] = byte

    def write(self, record: bytes) -> bool:
        if self.unreported:
            lost = struct.pack("<IHHQQ", LOST, 0, 24, 5, self.unreported)
            record = lost + record
        if self.paused or (not self.backward and self.used + len(record) > self.size - 1):
            self.lost += 1
            self.unreported += 1
            return False
        self.unreported = 0
        if self.backward:
            begin = (self.positions[0] - len(record)) % U64
            self.put(begin, record)
            self.positions[0] = begin
        else:
            self.put(self.positions[0], record)
            self.positions[0] = (self.positions[0] + len(record)) % U64
        return True

    def output(self, payload: bytes, time: int = 0) -> bool:
        raw = (4 + len(payload) + 7) // 8 * 8 - 4
        stamp = struct.pack("<Q", time) if self.timed else b""
        head = struct.pack("<IHH", SAMPLE, 1, 8 + len(stamp) + 4 + raw)
        filled = payload + b"\xee" * (raw - len(payload))
        return self.write(head + stamp + struct.pack("<I", raw) + filled)

    def other(self, size: int) -> bool:
        """A record of some other type."""
        return self.write(struct.pack("<IHH", MMAP, 0, 8 + size) + b"\x99" * size)


@contextmanager
def paused(cpus: list[ModelCpu]) -> Iterator[None]:
    for cpu in cpus:
        cpu.paused = True
    yield
    for cpu in cpus:
        cpu.paused = False
