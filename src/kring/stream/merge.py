"""Perf buffers read as one stream in an order of time, or as snapshots of what is still there.

In: the memory of each CPU's buffer. Out: copies of records. Both readers copy all that is there,
put it in order, and hand it out from there; so much is held as the buffers have room for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from operator import itemgetter
from sys import maxsize
from typing import TYPE_CHECKING

from kring.errors import StreamError
from kring.record import record
from kring.run.target import PerfMemory
from kring.stream.perf import CpuBuffer
from kring.stream.reader import Batch

if TYPE_CHECKING:
    from kring.stream.rows import DType, Rows

_TIME = itemgetter(0)

Timed = tuple[int, bytes]


@record
class _Pool:
    """Records copied: `ready` to be handed out, of which the first is number `first` of all;
    `later` those to be held back; `ends` where in each buffer reading goes on."""

    ready: Sequence[bytes] = ()
    first: int = 0
    later: Sequence[Timed] = ()
    ends: tuple[int, ...] = ()


class PooledReader:
    """Hands out records from a pool that `fill` makes anew whenever it is empty."""

    def __init__(self, memory: Sequence[PerfMemory], size: int | None, timed: bool) -> None:
        self.buffers = [CpuBuffer(each, size, timed) for each in memory]
        self.received = 0
        # Replaced as a whole: a Ctrl-C comes before the change or after it.
        self._pool = _Pool()

    def fill(self) -> _Pool:
        raise NotImplementedError

    def scan(self, limit: int | None = None) -> Batch:
        if self.received >= self._pool.first + len(self._pool.ready):
            # What the last pool holds is copied, even if a Ctrl-C came before this was said.
            self._give_back()
            self._pool = self.fill()
            self._give_back()
        begin = self.received - self._pool.first
        end = begin + min(maxsize if limit is None else limit, len(self._pool.ready))
        records = self._pool.ready[begin:end]
        number = self.received + len(records)
        return Batch((number,), len(records), 0, bool(self._pool.later), records)

    def rows(self, dtype: DType, limit: int) -> tuple[Rows, Batch]:
        from kring.stream.rows import scanned_rows

        return scanned_rows(self, dtype, limit)

    def release(self, batch: Batch) -> None:
        (self.received,) = batch.ends

    def _give_back(self) -> None:
        for buffer, end in zip(self.buffers, self._pool.ends, strict=False):
            buffer.release(end)

    def close(self) -> None:
        for buffer in self.buffers:
            buffer.close()


class OrderedReader(PooledReader):
    """Reads the buffers of all CPUs in the order of time that `now` counts in, which is asked
    before the buffers are looked at.

    No record is handed out before an earlier one that was in its buffer at that time; records
    newer than that are held back until the next look. Only a record whose time was taken and that
    was still on its way into the buffer can come after a later one of another CPU.
    """

    def __init__(
        self, memory: Sequence[PerfMemory], size: int | None, now: Callable[[], int]
    ) -> None:
        super().__init__(memory, size, timed=True)
        self._now = now

    def fill(self) -> _Pool:
        safe = self._now()
        spans = [buffer.waiting() for buffer in self.buffers]
        found = list(self._pool.later)
        ends: list[int] = []
        for buffer, (start, end) in zip(self.buffers, spans, strict=True):
            more, reached = _whole(buffer, start, end)
            found += [(time, payload) for _, time, payload in more]
            ends.append(reached)
        # Each CPU's are nearly in order, which is what makes sorting them cheap.
        found.sort(key=_TIME)
        cut = bisect_right(found, safe, key=_TIME)
        return _Pool([data for _, data in found[:cut]], self.received, found[cut:], tuple(ends))


class SnapshotReader(PooledReader):
    """Reads buffers that are written backwards, where new records overwrite the oldest: what is
    there and was not read before, from the newest to the oldest, by time across CPUs if `timed`,
    otherwise CPU by CPU.

    `quiet` is entered to look: it pauses writing, so that the records of all CPUs are of one
    moment. What comes during the pause is lost and counted.
    """

    def __init__(
        self,
        memory: Sequence[PerfMemory],
        size: int | None,
        timed: bool,
        quiet: Callable[[], AbstractContextManager[None]],
    ) -> None:
        super().__init__(memory, size, timed)
        self._quiet = quiet
        self._timed = timed

    def fill(self) -> _Pool:
        found: list[Timed] = []
        ends: list[int] = []
        with self._quiet():
            for buffer in self.buffers:
                newest, oldest = buffer.kept()
                more, _ = _whole(buffer, newest, oldest)
                # A record that was being written as the pause began took the place of the oldest.
                kept = oldest - buffer.drift(newest, oldest)
                found += [(time, data) for end, time, data in more if end <= kept]
                ends.append(newest)
        if self._timed:
            found.sort(key=_TIME, reverse=True)
        return _Pool([data for _, data in found], self.received, (), tuple(ends))


def _whole(buffer: CpuBuffer, start: int, end: int) -> tuple[list[tuple[int, int, bytes]], int]:
    """The samples between two positions, up to the first record that breaks the rules, and where
    that is."""
    found: list[tuple[int, int, bytes]] = []
    reached = start
    try:
        for reached, time, payload in buffer.entries(start, end):
            if payload is not None:
                found.append((reached, time, payload))
    except StreamError:
        if reached == start:
            raise
    return found, reached
