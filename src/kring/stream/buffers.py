"""The live handle of perf buffers: a stream, and what only they can do.

In: the open buffers of a map, and how they were opened. Out: `PerfHandle`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import CLOCK_MONOTONIC_RAW, clock_gettime_ns
from typing import TYPE_CHECKING, TypeVar

from kring.errors import LoadError
from kring.run.target import PerfBuffers, PerfOptions, Waiter
from kring.stream.handle import StreamHandle
from kring.stream.perf import PerfReader
from kring.stream.reader import Reader

if TYPE_CHECKING:
    from kring.stream.rows import DType

T = TypeVar("T")


class PerfHandle(StreamHandle[T]):
    """The records of the perf buffers of all CPUs. `size` is that of each record: without one
    records come with the kernel's padding, of up to 7 bytes.

    `dropped` counts the records lost so far; by default those that the kernel counted.
    """

    def __init__(
        self,
        buffers: PerfBuffers,
        options: PerfOptions,
        size: int | None,
        waiter: Callable[[], Waiter],
        decode: Callable[[bytes], T],
        dropped: Callable[[], int | None] | None = None,
        dtype: Callable[[], DType] | None = None,
    ) -> None:
        self._buffers = buffers
        self._paused = False
        self._last: dict[int, int] | None = None
        reader = self._reader_for(options, size)
        super().__init__(reader, waiter, decode, dropped or self._sum, dtype)

    def _reader_for(self, options: PerfOptions, size: int | None) -> Reader:
        memory = self._buffers.memory
        if not (options.overwrite or options.timed):
            return PerfReader(memory, size)
        from kring.stream.merge import OrderedReader, SnapshotReader

        if options.overwrite:
            return SnapshotReader(memory, size, options.timed, self._quiet)
        return OrderedReader(memory, size, lambda: clock_gettime_ns(CLOCK_MONOTONIC_RAW))

    def fileno(self) -> int:
        """A descriptor that is readable once a CPU's mark is passed and, unless each record wakes,
        every 0.1 s; reading makes it quiet. -1 if there is none. Read all that is there each time:
        what is left says nothing. Any registration may last."""
        return super().fileno()

    def _look(self, fill: Callable[[], bool]) -> bool:
        try:
            self._buffers.looked()
            return super()._look(fill)
        except LoadError:
            # A signal handler closed the session while we were reading.
            if self._closed:
                return False
            raise

    @property
    def lost(self) -> dict[int, int] | None:
        """By CPU, the records that found no room or came during a pause, None if the kernel does
        not say; after `close`, the numbers at that time. What programs sent on a CPU that is not
        here is in no buffer: `dropped` has it, where programs count.

        Since: Linux 6.0, commit 119a784c8127 ("perf/core: Add a new read format to get a number of
        lost samples").
        """
        return self._last if self._closed else self._buffers.lost()

    def _sum(self) -> int | None:
        lost = self.lost
        return None if lost is None else sum(lost.values())

    def pause(self) -> None:
        """Let nothing more into the buffers: what comes is lost, and counted. What is there can be
        read."""
        self._check_open()
        self._paused = True
        self._buffers.pause(True)

    def resume(self) -> None:
        """Undo `pause`."""
        self._check_open()
        self._paused = False
        self._buffers.pause(False)

    @contextmanager
    def _quiet(self) -> Generator[None]:
        """Nothing comes into the buffers inside the block."""
        self._buffers.pause(True)
        try:
            yield
        finally:
            if not (self._paused or self._closed):
                self._buffers.pause(False)

    def close(self) -> None:
        if not self._closed:
            try:
                self._last = self._buffers.lost()
            except LoadError:
                # The buffers are gone already, and nobody knows the numbers.
                self._last = None
        super().close()
