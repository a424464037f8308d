"""Ring buffers of the VM, in memory laid out as the kernel's: the consumer's code reads both alike.

In:  a `Map` of type RINGBUF.
Out: `RingMap`, with the kernel's reserve, commit and query, and its `RingMemory`.
Rule: what happens to the memory is what kernel/bpf/ringbuf.c does to it, in the same order.

    page 0            page 1            data                     data, mapped again
    | consumer_pos    | producer_pos    | records, size bytes    | so that no record wraps |
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Callable
from errno import EAGAIN, EINVAL
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PAGESIZE, PROT_READ, PROT_WRITE
from typing import Final

from kring.abi.uapi import RINGBUF_BUSY, RINGBUF_DISCARD, RINGBUF_HEADER_SIZE
from kring.errors import LoadError, VmError
from kring.obj.object import Map
from kring.run.spec import check_ring_size
from kring.run.target import RingMemory
from kring.run.vm.maps import VmMap
from kring.run.vm.memory import MASK64, Memory, Region

NO_WAKEUP: Final = 1
FORCE_WAKEUP: Final = 2
_MAP_FIXED: Final = 0x10
_LARGEST_RECORD: Final = (1 << 32) // 4 - 1
# Pages in front of the data, as a header's page offset counts them: one of the ring's own that
# nobody maps, the consumer's and the producer's.
_PAGES_BEFORE: Final = 3


class RingMap(VmMap):
    """A ring buffer. `on_data` is called when the kernel would wake those who wait."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self.size = spec.max_entries
        check_ring_size(spec)
        pages = _double_mapped(2 * PAGESIZE, self.size)
        self._consumer = pages[:8].cast("Q")
        self._producer = pages[PAGESIZE : PAGESIZE + 8].cast("Q")
        self._data = pages[2 * PAGESIZE :]
        self._words = self._data.cast("I")
        self._pending = 0
        self._held: dict[int, tuple[Region, int]] = {}
        self.on_data: list[Callable[[], None]] = []

    def ring(self) -> RingMemory:
        # Views of their own: whoever gets them may release them.
        return RingMemory(
            memoryview(self._consumer),
            self._producer.toreadonly(),
            self._data.toreadonly(),
            self.size,
        )

    @property
    def unread(self) -> int:
        """Bytes between the consumer's and the producer's position."""
        return (self._producer[0] - self._consumer[0]) & MASK64

    def reserve(self, size: int, flags: int = 0) -> Region | None:
        """Room for a record, or None. See: __bpf_ringbuf_reserve."""
        length = (size + RINGBUF_HEADER_SIZE + 7) & ~7
        if flags or size > _LARGEST_RECORD or length > self.size:
            return None
        start, mask = self._producer[0], self.size - 1
        while self._pending < start:
            header = self._words[(self._pending & mask) >> 2]
            if header & RINGBUF_BUSY:
                break
            record = header & ~RINGBUF_DISCARD
            self._pending += (record + RINGBUF_HEADER_SIZE + 7) & ~7
        end = start + length
        if end - self._consumer[0] > mask or end - self._pending > mask:
            return None
        at = start & mask
        self._words[at >> 2] = size | RINGBUF_BUSY
        self._words[(at >> 2) + 1] = at // PAGESIZE + _PAGES_BEFORE
        self._producer[0] = end
        at += RINGBUF_HEADER_SIZE
        name = f"a record of ring {self.spec.name!r}"
        region = self.memory.map(self._data[at : at + size], name)
        self._held[region.base] = (region, start)
        return region

    def commit(self, address: int, flags: int, *, discard: bool) -> None:
        """End the record at `address`. See: bpf_ringbuf_commit.

        Raises: VmError if no record is held there.
        """
        held = self._held.pop(address, None)
        if held is None:
            raise VmError(f"{address:#x} is no reserved record", address=address)
        region, start = held
        self.memory.unmap(region)
        at = start & (self.size - 1)
        self._words[at >> 2] = region.size | (RINGBUF_DISCARD if discard else 0)
        caught_up = self._consumer[0] & (self.size - 1) == at
        if flags & FORCE_WAKEUP or (caught_up and not flags & NO_WAKEUP):
            for wake in self.on_data:
                wake()

    def output(self, data: bytes, flags: int) -> int:
        """Write one record; 0 or a negative errno. See: bpf_ringbuf_output."""
        if flags & ~(NO_WAKEUP | FORCE_WAKEUP):
            return -EINVAL
        region = self.reserve(len(data))
        if region is None:
            return -EAGAIN
        region.data[:] = data
        self.commit(region.base, flags, discard=False)
        return 0

    def query(self, what: int) -> int:
        """BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS, in this order; 0 for others."""
        answers = (self.unread, self.size, self._consumer[0], self._producer[0])
        return answers[what] if what < len(answers) else 0

    def holds(self, address: int) -> bool:
        return address in self._held

    def abandon(self) -> list[Region]:
        """Discard what is still reserved; the records that were."""
        left = [region for region, _ in self._held.values()]
        for region in left:
            self.commit(region.base, NO_WAKEUP, discard=True)
        return left


def _double_mapped(head: int, size: int) -> memoryview:
    """`head` bytes, then `size` bytes, then the same `size` bytes again, all zero.

    The memory is unmapped when the last view of it is gone.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
    )  # fmt: skip
    libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    total = head + 2 * size
    access = PROT_READ | PROT_WRITE

    def mmap(at: int | None, length: int, flags: int, fd: int, offset: int) -> int:
        got = libc.mmap(at, length, access, flags, fd, offset)
        if got is None or got == ctypes.c_void_p(-1).value:
            errno = ctypes.get_errno()
            raise LoadError(f"no memory for a ring of {size} bytes: {os.strerror(errno)}", errno)
        return int(got)

    fd = os.memfd_create("kring-vm-ring")
    try:
        os.ftruncate(fd, head + size)
        base = mmap(None, total, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        mmap(base, head + size, MAP_SHARED | _MAP_FIXED, fd, 0)
        mmap(base + head + size, size, MAP_SHARED | _MAP_FIXED, fd, head)
    finally:
        os.close(fd)
    owner = (ctypes.c_ubyte * total).from_address(base)
    weakref.finalize(owner, libc.munmap, base, total).atexit = False
    return memoryview(owner).cast("B")
