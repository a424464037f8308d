"""Perf buffers read as records: one buffer for each CPU, each a ring of its own.

In: the memory of each CPU's buffer, possibly written to while read. Out: copies of records.

Positions count bytes ever written; a record can wrap the end of the data, its fields of 8 bytes
cannot. A sample, PERF_RECORD_SAMPLE, as the buffers here are opened:

     byte 0            4       6          8                       12
    +-----------------+-------+----------+- - - - - - -+---------+----------------- - - ---+
    | type (u32)      | misc  | size     | time (u64)  | raw     | payload and padding,    |
    | 9               | (u16) | (u16)    | if asked for| size    | of raw size together    |
    +-----------------+-------+----------+- - - - - - -+---------+----------------- - - ---+

`size` is the whole record's, a multiple of 8, so that up to 7 bytes of padding, with no set value,
follow the payload: where the records' size is known they are cut off, elsewhere they are part of
the record. PERF_RECORD_LOST says how many found no room in front of the record that follows it.

See: kernel/events/ring_buffer.c, kernel/events/core.c, perf_output_sample.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from sys import maxsize
from typing import TYPE_CHECKING

from kring.abi.uapi import PERF_RECORD_LOST, PERF_RECORD_SAMPLE
from kring.errors import StreamError
from kring.run.target import PerfMemory
from kring.stream.reader import Batch

if TYPE_CHECKING:
    from kring.stream.rows import DType, Rows

_POSITION = 2**64 - 1
_AHEAD = 2**63
_HEADER = 8
_TYPE = 0xFFFF_FFFF
_PADDING = 7
"""Most bytes that the kernel puts behind a payload."""

Entry = tuple[int, int, bytes | None]
"""The position behind a record, its time (0 if it has none), its payload if it is a sample."""


class CpuBuffer:
    """One CPU's buffer. `size` is that of every payload, None if unknown; `reported` counts the
    records that PERF_RECORD_LOST said were lost."""

    __slots__ = ("_counted", "_data", "_half", "_head", "_payload", "_tail", "_words", "cpu",
                 "mask", "reported", "size")  # fmt: skip

    def __init__(self, memory: PerfMemory, size: int | None, timed: bool) -> None:
        self.cpu = memory.cpu
        self.mask = memory.size - 1
        self.size = size
        self.reported = 0
        self._head = memory.head
        self._tail = memory.tail
        self._data = memory.data
        self._words = memory.data.cast("Q")
        self._half = memory.data.cast("I")
        # Where the payload's size stands in a sample.
        self._payload = _HEADER + (8 if timed else 0)
        self._counted = memory.tail[0]

    def waiting(self) -> tuple[int, int]:
        """Where reading goes on, and where writing ended at this moment."""
        start = self._tail[0]
        waiting = (self._head[0] - start) & _POSITION
        if waiting > self.mask + 1 or (start | waiting) % 8:
            raise StreamError(
                f"perf buffer positions of CPU {self.cpu} make no sense: tail {start},"
                f" head {self._head[0]}, size {self.mask + 1}"
            )
        return start, start + waiting

    def kept(self) -> tuple[int, int]:
        """Of a buffer written backwards: where its newest record begins, and where those end that
        are not overwritten and were not read before."""
        newest, read = self._head[0], self._tail[0]
        return newest, newest + min((read - newest) & _POSITION, self.mask + 1)

    def drift(self, newest: int, oldest: int) -> int:
        """Bytes before `oldest` that were overwritten since `newest` was the newest record."""
        written = (newest - self._head[0]) & _POSITION
        return max(oldest - newest + written - self.mask - 1, 0)

    def entries(self, start: int, end: int) -> Generator[Entry]:
        """The records between two positions; one that breaks the rules raises StreamError."""
        words, half, data, mask = self._words, self._half, self._data, self.mask
        ring, size, place = mask + 1, self.size, self._payload
        at = start
        while at < end:
            header = words[(at & mask) >> 3]
            length = header >> 48
            following = at + length
            if length < _HEADER or length % 8 or following > end:
                raise self._wrong(at, f"claims {length} bytes, but only {end - at} were written")
            if header & _TYPE != PERF_RECORD_SAMPLE:
                self._note(header & _TYPE, at, following)
                yield following, 0, None
                at = following
                continue
            # A field of 8 bytes is never cut by the end of the data.
            raw = half[(at + place & mask) >> 2] if length > place else length
            if place + 4 + raw > length:
                raise self._wrong(at, f"has {length} bytes, too few for a payload of {raw}")
            if size is not None and 0 <= raw - size <= _PADDING:
                raw = size
            begin = at + place + 4 & mask
            if begin + raw <= ring:
                payload = data[begin : begin + raw].tobytes()
            else:
                payload = data[begin:].tobytes() + data[: begin + raw - ring].tobytes()
            yield following, words[(at + _HEADER & mask) >> 3] if place > _HEADER else 0, payload
            at = following

    def _note(self, kind: int, at: int, end: int) -> None:
        """Count what a record of losses says, once however often it is read."""
        seen = (at - self._counted) & _POSITION >= _AHEAD
        if kind == PERF_RECORD_LOST and end - at >= 3 * 8 and not seen:
            self.reported += self._words[(at + 2 * 8 & self.mask) >> 3]
            self._counted = end

    def _wrong(self, at: int, what: str) -> StreamError:
        return StreamError(f"the record at position {at} of CPU {self.cpu}'s perf buffer {what}")

    def past_notes(self, start: int, end: int) -> int:
        """Where the first sample from `start` on begins, or `end`."""
        at = start
        for following, _, payload in self.entries(start, end):
            if payload is not None:
                return at
            at = following
        return at

    def span(self, start: int, end: int) -> memoryview | bytes:
        """The bytes between two positions, in one piece."""
        begin, size = start & self.mask, end - start
        if begin + size <= self.mask + 1:
            return self._data[begin : begin + size]
        return self._data[begin:].tobytes() + self._data[: begin + size - self.mask - 1].tobytes()

    def release(self, end: int) -> None:
        end &= _POSITION
        if self._tail[0] != end:
            self._tail[0] = end

    def close(self) -> None:
        self._words.release()
        self._half.release()


class PerfReader:
    """Reads the buffers of all CPUs. Records of one CPU come in their order; those of different
    CPUs come as they are found, each CPU getting its share of a batch.

    `received` counts the records released so far.
    """

    def __init__(self, memory: Sequence[PerfMemory], size: int | None = None) -> None:
        self.buffers = [CpuBuffer(each, size, timed=False) for each in memory]
        self.received = 0
        self._turn = 0
        self._released: tuple[int, ...] = ()

    def scan(self, limit: int | None = None) -> Batch:
        # All heads at once: looking again while reading would never end under a fast producer.
        spans = [buffer.waiting() for buffer in self.buffers]
        ends = [start for start, _ in spans]
        most = maxsize if limit is None else limit
        records: list[bytes] = []
        sources = [(each, self.buffers[each].entries(*spans[each])) for each in self.order()]
        while sources and len(records) < most:
            going: list[tuple[int, Generator[Entry]]] = []
            for number, (index, source) in enumerate(sources):
                share = -(-(most - len(records)) // (len(sources) - number))
                if share and self._take(source, spans[index][0], share, index, ends, records):
                    going.append((index, source))
            sources = going
        return Batch(tuple(ends), len(records), 0, False, records)

    def _take(
        self,
        source: Generator[Entry],
        start: int,
        share: int,
        index: int,
        ends: list[int],
        records: list[bytes],
    ) -> bool:
        """Whether the buffer may have more, after taking its share of records."""
        try:
            for following, _, payload in source:
                ends[index] = following
                if payload is not None:
                    records.append(payload)
                    share -= 1
                    if not share:
                        return True
        except StreamError:
            # What is in front of it is good; it raises once it is the first.
            if ends[index] == start:
                raise
        return False

    def order(self) -> list[int]:
        """The buffers, beginning with another one each time."""
        count = len(self.buffers)
        self._turn = (self._turn + 1) % max(count, 1)
        return [(self._turn + step) % count for step in range(count)]

    def rows(self, dtype: DType, limit: int) -> tuple[Rows, Batch]:
        from kring.stream.rows import perf_rows

        return perf_rows(self, dtype, limit)

    def release(self, batch: Batch) -> None:
        if batch.ends == self._released:
            return
        for buffer, end in zip(self.buffers, batch.ends, strict=True):
            buffer.release(end)
        self.received += batch.received
        self._released = batch.ends

    def close(self) -> None:
        for buffer in self.buffers:
            buffer.close()
