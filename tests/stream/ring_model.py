"""A model of the kernel's side of a ring buffer, and a waiter that needs no kernel."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable

from kring.run.target import RingMemory, Wait

BUSY, DISCARD = 1 << 31, 1 << 30


class ModelRing:
    """Writes records as `__bpf_ringbuf_reserve` and `bpf_ringbuf_commit` do."""

    def __init__(self, size: int, start: int = 0) -> None:
        self.size = size
        self.positions = memoryview(bytearray(16)).cast("Q")
        self.data = bytearray(2 * size)
        self.positions[0] = self.positions[1] = start
        self.memory = RingMemory(
            self.positions[0:1], self.positions[1:2], memoryview(self.data).toreadonly(), size
        )

    @property
    def consumer(self) -> int:
        return self.positions[0]

    @property
    def producer(self) -> int:
        return self.positions[1]

    def put(self, position: int, data: bytes) -> None:
        """Write at both places where the memory shows it."""
        for i, byte in enumerate(data):
            offset = (position + i) % self.size
            self.data[offset] = self.data[offset + self.size] = byte

    def header(self, position: int, word: int) -> None:
        self.put(position, struct.pack("<II", word, 77))

    def reserve(self, size: int) -> int | None:
        total = (size + 8 + 7) // 8 * 8
        if self.producer + total - self.consumer > self.size - 1:
            return None
        position = self.producer
        self.header(position, size | BUSY)
        self.positions[1] = position + total
        return position

    def submit(self, position: int, data: bytes) -> None:
        self.put(position + 8, data)
        self.header(position, len(data))

    def discard(self, position: int, size: int) -> None:
        self.header(position, size | DISCARD)

    def output(self, data: bytes) -> bool:
        position = self.reserve(len(data))
        if position is None:
            return False
        self.submit(position, data)
        return True


class StubWaiter:
    """Waits on a condition variable; `on_wait` may produce something first."""

    def __init__(self, on_wait: Callable[[], Wait] | None = None) -> None:
        self.on_wait = on_wait
        self.waits: list[float | None] = []
        self.event = threading.Event()
        self.closed = False

    def wait(self, timeout: float | None) -> Wait:
        self.waits.append(timeout)
        if self.closed:
            return Wait.CLOSED
        if self.on_wait is not None:
            return self.on_wait()
        woken = self.event.wait(timeout)
        self.event.clear()
        if self.closed:
            return Wait.CLOSED
        return Wait.READY if woken else Wait.TIMEOUT

    def wake(self) -> None:
        self.event.set()

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True
        self.event.set()
