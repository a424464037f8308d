"""Records as rows of a numpy array: runs of records of one size, copied in one step.

In: a reader and the dtype of its records. Out: arrays that own their memory.
Imported only when batches are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kring.abi.uapi import PERF_RECORD_SAMPLE, RINGBUF_HEADER_SIZE
from kring.errors import StreamError
from kring.stream.reader import Batch, Reader

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from kring.stream.perf import CpuBuffer, PerfReader
    from kring.stream.ring import RingReader

    Rows = npt.NDArray[np.void]
    DType = np.dtype[np.void]

_PERF_HEADER = 12
_TYPE_AND_SIZE = 0xFFFF_0000_FFFF_FFFF
_FEW = 32
"""Below so many records taking them one by one is cheaper than an array's steps."""
_IRREGULAR = 64
"""Records taken one by one where the first is not of the run's size (it is discarded, say)."""


def scan_rows(reader: RingReader, dtype: DType, limit: int) -> tuple[Rows, Batch]:
    """At most `limit` records that are there as rows, and the batch to release for them.

    Raises: StreamError if the next record is not of the dtype's size.
    """
    start, data = reader.waiting()
    rows, end = _run(data, dtype, limit)
    if len(rows):
        _end_strings(rows, dtype)
        return rows, Batch((start + end,), len(rows), 0, False)
    return scanned_rows(reader, dtype, min(limit, _IRREGULAR))


def scanned_rows(reader: Reader, dtype: DType, limit: int) -> tuple[Rows, Batch]:
    """As `scan_rows`, of any reader."""
    batch = reader.scan(limit)
    rows = rows_of(batch.records, dtype)
    # Looking again finds the same records: they were not released.
    return rows, batch if len(rows) == batch.received else reader.scan(len(rows))


def perf_rows(reader: PerfReader, dtype: DType, limit: int) -> tuple[Rows, Batch]:
    """As `scan_rows`, of the buffers of all CPUs, each of which gets its share of the rows.

    Raises: StreamError if the next record of any CPU is not of the dtype's size.
    """
    import numpy as np

    spans = [buffer.waiting() for buffer in reader.buffers]
    ends = [start for start, _ in spans]
    found: list[Rows] = []
    left, order = limit, reader.order()
    for number, index in enumerate(order):
        share = -(-left // (len(order) - number))
        rows, ends[index] = _perf_run(reader.buffers[index], *spans[index], dtype, share)
        left -= len(rows)
        found.extend([rows] if len(rows) else [])
    rows = found[0] if len(found) == 1 else np.concatenate([np.empty(0, dtype), *found])
    _end_strings(rows, dtype)
    return rows, Batch(tuple(ends), len(rows), 0, False)


def _perf_run(
    buffer: CpuBuffer, start: int, end: int, dtype: DType, limit: int
) -> tuple[Rows, int]:
    """The rows that begin at `start`, but for records that are no samples, and where they end."""
    import numpy as np

    size = dtype.itemsize
    stride = _PERF_HEADER - 4 + (size + 4 + 7) // 8 * 8
    if min((end - start) // stride, limit) < _FEW:
        return _few(buffer, start, end, dtype, limit)
    begin = buffer.past_notes(start, end)
    count = min((end - begin) // stride, limit)
    data = buffer.span(begin, begin + count * stride)
    table = np.frombuffer(data, np.uint8).reshape(count, stride)
    heads = table[:, :8].copy().view(np.uint64).ravel()
    fits = heads & _TYPE_AND_SIZE == PERF_RECORD_SAMPLE | stride << 48
    if not fits.all():
        count = int(fits.argmin())
    if not count:
        return _few(buffer, begin, end, dtype, limit)
    payload = table[:count, _PERF_HEADER : _PERF_HEADER + size]
    return payload.copy().view(dtype).reshape(count), begin + count * stride


def _few(buffer: CpuBuffer, start: int, end: int, dtype: DType, limit: int) -> tuple[Rows, int]:
    """As `_perf_run`, taken one by one."""
    payloads: list[bytes] = []
    ends = [start]
    try:
        for following, _, payload in buffer.entries(start, end):
            if payload is None and not payloads:
                ends = [following]
            elif payload is None or len(payloads) == limit:
                break
            else:
                payloads.append(payload)
                ends.append(following)
    except StreamError:
        # What is in front of it is good; it raises once it is the first.
        if ends == [start]:
            raise
    rows = rows_of(payloads, dtype)
    return rows, ends[len(rows)]


def rows_of(records: Sequence[bytes], dtype: DType) -> Rows:
    """The records as rows, up to the first that is not of the dtype's size.

    Raises: StreamError if that is the first of all.
    """
    import numpy as np

    fitting = _fitting(records, dtype)
    rows = np.frombuffer(b"".join(records[:fitting]), dtype).copy()
    _end_strings(rows, dtype)
    return rows


def _run(data: memoryview, dtype: DType, limit: int) -> tuple[Rows, int]:
    """The rows that `data` begins with, and where they end in it: records neither busy nor
    discarded, all of the dtype's size."""
    import numpy as np

    stride = RINGBUF_HEADER_SIZE + (dtype.itemsize + 7) // 8 * 8
    count = min(len(data) // stride, limit)
    table = np.frombuffer(data, np.uint8, count * stride).reshape(count, stride)
    # The headers first: what a record holds counts only once its header says so.
    fits = table[:, :4].copy().view(np.uint32).ravel() == dtype.itemsize
    if not fits.all():
        count = int(fits.argmin())
    payload = table[:count, RINGBUF_HEADER_SIZE : RINGBUF_HEADER_SIZE + dtype.itemsize]
    return payload.copy().view(dtype).reshape(count), count * stride


def _end_strings(rows: Rows, dtype: DType, start: int = 0) -> None:
    """Zero what follows the NUL of each string: the kernel leaves there what was there before.

    Strings that share their bytes with other members of a union stay as they are.
    """
    import numpy as np

    table = rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
    places = [(place, kind) for kind, place, *_ in (dtype.fields or {}).values()]
    for place, kind in places:
        offset, end = start + place, place + kind.itemsize
        if sum(other < end and place < other + of.itemsize for other, of in places) > 1:
            continue
        if kind.names:
            _end_strings(rows, kind, offset)
        elif kind.kind == "S":
            text = table[:, offset : offset + kind.itemsize]
            text[np.logical_or.accumulate(text == 0, axis=1)] = 0


def _fitting(records: Sequence[bytes], dtype: DType) -> int:
    """How many of the records, from the first, are of the dtype's size."""
    for index, record in enumerate(records):
        if len(record) != dtype.itemsize:
            if index:
                return index
            raise StreamError(
                f"a record of {len(record)} bytes does not fit rows of {dtype.itemsize} bytes;"
                " read streams of mixed sizes one by one, with `for record in stream`"
            )
    return len(records)
