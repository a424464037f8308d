"""Ring memory read as records: the consumer's side of BPF_MAP_TYPE_RINGBUF.

In: positions and data, possibly written to while read. Out: copies of records.

Positions count bytes ever written; data is mapped twice, so that no record wraps. A record:

     byte 0                      4                   8                    padded to 8
    +---+---+-------------------+-------------------+------------- - - ---+
    | b | d | length (30 bits)  | page offset       | payload             |
    +---+---+-------------------+-------------------+------------- - - ---+
     b: BUSY, reserved and not yet submitted; d: DISCARD, to be skipped

See: kernel/bpf/ringbuf.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kring.abi.uapi import RINGBUF_BUSY, RINGBUF_DISCARD, RINGBUF_HEADER_SIZE
from kring.errors import StreamError
from kring.run.target import RingMemory
from kring.stream.reader import Batch

if TYPE_CHECKING:
    from kring.stream.rows import DType, Rows

_LENGTH = RINGBUF_DISCARD - 1
_POSITION = 2**64 - 1
_HEADER = RINGBUF_HEADER_SIZE


class RingReader:
    """Reads one ring. Raises StreamError for memory no kernel would write.

    `received` and `discarded` count the records released so far.
    """

    __slots__ = ("_consumer", "_data", "_mask", "_producer", "_words", "discarded", "received")

    def __init__(self, memory: RingMemory) -> None:
        self._consumer = memory.consumer
        self._producer = memory.producer
        self._data = memory.data
        self._words = memory.data.cast("I")
        self._mask = memory.size - 1
        self.received = 0
        self.discarded = 0

    def waiting(self) -> tuple[int, memoryview]:
        """The consumer's position and the bytes between it and the producer's, both looked at once.

        Looking again while reading would never end under a fast producer.
        """
        start = self._consumer[0]
        size = (self._producer[0] - start) & _POSITION
        if size > self._mask + 1 or (start | size) % 8:
            raise StreamError(
                f"ring positions make no sense: consumer {start}, producer {self._producer[0]},"
                f" size {self._mask + 1}"
            )
        offset = start & self._mask
        return start, self._data[offset : offset + size]

    def scan(self, limit: int | None = None) -> Batch:
        """Copies of the records that are there, at most `limit`, up to the first that is BUSY.

        They stay in the ring until `release`. A record that breaks the rules ends the batch; it
        raises once it is the first.
        """
        start, data = self.waiting()
        base = (start & self._mask) >> 2
        words, size = self._words, len(data)
        records: list[bytes] = []
        most = size if limit is None else limit
        offset = discarded = 0
        busy = False
        while offset < size and len(records) < most:
            header = words[base + (offset >> 2)]
            if header & RINGBUF_BUSY:
                busy = True
                break
            begin = offset + _HEADER
            end = begin + (header & _LENGTH)
            following = end + 7 & ~7
            if following > size:
                if offset:
                    break
                raise _too_long(start, header & _LENGTH, size)
            if header & RINGBUF_DISCARD:
                discarded += 1
            else:
                records.append(data[begin:end].tobytes())
            offset = following
        return Batch((start + offset,), len(records), discarded, busy, records)

    def rows(self, dtype: DType, limit: int) -> tuple[Rows, Batch]:
        from kring.stream.rows import scan_rows

        return scan_rows(self, dtype, limit)

    def release(self, batch: Batch) -> None:
        end = batch.ends[0] & _POSITION
        if self._consumer[0] != end:
            self.received += batch.received
            self.discarded += batch.discarded
            self._consumer[0] = end

    def close(self) -> None:
        self._words.release()


def _too_long(position: int, length: int, available: int) -> StreamError:
    return StreamError(
        f"the record at ring position {position} claims {length} bytes,"
        f" but only {max(available - _HEADER, 0)} were written"
    )
