"""A live stream: records one by one, in lists, in arrays, or handed to subscribers.

In: a reader, something to wait with and a function from bytes to a record. Out: `StreamHandle`.

Records are copied, held here, and only then released in the ring. A record leaves the handle when
it is handed out, so whoever stops early, by `break` or by an exception, finds the rest at the next
read: nothing twice, nothing lost. A record that cannot be decoded raises once and is gone.
"""

from __future__ import annotations

from _thread import RLock
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from sys import maxsize
from time import monotonic, sleep
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from kring.errors import LoadError, NotLive, NotSupported
from kring.run.target import LiveMap, Wait, Waiter
from kring.stream.base import Handle
from kring.stream.reader import Batch, Reader

if TYPE_CHECKING:
    from kring.run.info import MapInfo
    from kring.stream.aio import Sleepers
    from kring.stream.rows import DType, Rows

T = TypeVar("T")

_BATCH = 1024
"""Records copied at once: enough to release rarely, few enough to stay in the processor's cache."""

# While the first record is being written the ring stays readable: waiting for that would spin.
FIRST_PAUSE_S = 50e-6
_LONGEST_PAUSE_S = 5e-3


class StreamHandle(Handle, Generic[T]):
    """The records of one live stream. Any thread may read, and each record goes to one reader; any
    thread, or a signal handler, may close.

    `waiter` is called at the first wait, `dropped` counts the records lost so far (None: nobody
    counts), `dtype` gives the numpy dtype of a record.
    """

    _live: LiveMap | None = None

    def __init__(
        self,
        reader: Reader,
        waiter: Callable[[], Waiter],
        decode: Callable[[bytes], T],
        dropped: Callable[[], int | None] = lambda: None,
        dtype: Callable[[], DType] | None = None,
    ) -> None:
        self._reader = reader
        self._make_waiter = waiter
        self._waiter: Waiter | None = None
        self._decode = decode
        self._dropped = dropped
        self._dtype = dtype
        self._sleepers: Sleepers | None = None
        self.subscribers: list[Callable[[T], object]] = []
        self.wakes: list[Callable[[], None]] = []
        """What ends the waits of those who wait for this stream and others; `close` calls it."""
        # Records not yet handed out, and the batch the last of them came with. Stored together:
        # a Ctrl-C between storing and releasing must not make the next read find them again.
        self._held: tuple[deque[bytes], Batch | None] = (deque(), None)
        self._busy = False
        self._closed = False
        # Reentrant: a signal handler may close the stream that its own thread is reading.
        self._lock = RLock()

    @property
    def dropped(self) -> int | None:
        """Records the BPF side could not write, None if nobody counted; after `close`, the number
        at that time."""
        return self._dropped()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def busy(self) -> bool:
        """Whether the last look at the ring ended at a record that is still being written."""
        return self._busy and not self._closed

    def __iter__(self) -> Iterator[T]:
        """Every record as it comes, until the stream is closed or nothing will ever come."""
        self._check_open()
        return self._iterate()

    def _iterate(self) -> Iterator[T]:
        while self._wait_until(self._fill, None):
            while (data := self._take()) is not None:
                yield self._decode(data)

    def __aiter__(self) -> AsyncIterator[T]:
        """As `for`, under asyncio."""
        self._check_open()
        return self._iterate_async()

    async def _iterate_async(self) -> AsyncIterator[T]:
        from kring.stream.aio import Sleepers, wait_until

        with self._lock:
            sleepers = self._sleepers = self._sleepers or Sleepers()
        while await wait_until(self, lambda: self._look(self._fill), sleepers):
            while (data := self._take()) is not None:
                yield self._decode(data)

    def poll(self, timeout: float | None = None, max_records: int | None = None) -> list[T]:
        """What is there after waiting for the first record at most `timeout` seconds (None: as
        long as it takes), at most `max_records`. Empty when the time is over or the stream ended.

        If a record cannot be decoded, those before it are returned and the next call raises.
        """
        self._check_open()
        deadline = deadline_of(timeout)
        if max_records is not None and max_records < 0:
            raise ValueError(f"max_records must be at least 0, got {max_records}")
        if max_records == 0:
            return []
        most = maxsize if max_records is None else max_records
        if not self._wait_until(lambda: self._fill(most, most), deadline):
            return []
        return self._decode_held(most)

    def _decode_held(self, most: int) -> list[T]:
        records: list[T] = []
        pending, _ = self._held
        while pending and len(records) < most:
            try:
                records.append(self._decode(pending[0]))
            except Exception:
                if records:
                    break
                self._take()
                raise
            self._take()
        return records

    def batches(self, max_records: int = 65536) -> Iterator[Rows]:
        """What is there as arrays of one row per record, each at most `max_records` long; an array
        owns its memory. Ends as `for` does.

        Raises: ImportError without numpy, StreamError at a record that is not of a row's size.
        """
        self._check_open()
        if max_records < 1:
            raise ValueError(f"max_records must be at least 1, got {max_records}")
        if self._dtype is None:
            raise NotSupported("the records of this stream have no known type to make rows of")
        try:
            dtype = self._dtype()
        except ModuleNotFoundError as error:
            if error.name != "numpy":
                raise
            raise ImportError("batches() needs numpy. Try: pip install kring[numpy]") from None
        return self._batches(dtype, max_records)

    def _batches(self, dtype: DType, max_records: int) -> Iterator[Rows]:
        rows: list[Rows] = []
        while self._wait_until(lambda: self._fill_rows(rows, dtype, max_records), None):
            yield rows.pop()

    def subscribe(self, fn: Callable[[T], object], /) -> None:
        """Have `fn` called with each record, while the session runs or polls."""
        self._check_open()
        self.subscribers.append(fn)

    def dispatch(self) -> int:
        """How many records there were; each was handed to every subscriber.

        An exception of a subscriber comes out here; the records after that one are still there.
        """
        if not self._look(self._fill):
            return 0
        count = 0
        while (data := self._take()) is not None:
            record = self._decode(data)
            for fn in self.subscribers:
                fn(record)
            count += 1
        return count

    def through(self, live: LiveMap) -> Self:
        """This handle, told the map that the records come through."""
        self._live = self._named = live
        self._paths = live.names
        return self

    def info(self) -> MapInfo:
        """What the running system knows of the stream's map: id, type, sizes, flags, memory."""
        if self._live is None:
            raise NotSupported("this stream is no map of a running system")
        return self._live.info()

    def fileno(self) -> int:
        """A descriptor that is readable when records are there, -1 if there is none. Use poll(2),
        select, or an epoll registration made anew at each wait: a lasting one misses records."""
        self._check_open()
        waiter = self.live_waiter()
        return -1 if waiter is None else waiter.fileno()

    def close(self) -> None:
        """End every loop that reads this stream, without an exception; again does nothing."""
        if self._closed:
            return
        count = self._last_count()
        self._dropped = lambda: count
        self._closed = True
        # Having the lock means that no other thread is looking at the ring's memory.
        with self._lock:
            self._reader.close()
            waiter, sleepers = self._waiter, self._sleepers
        if waiter is not None:
            waiter.close()
        if sleepers is not None:
            sleepers.close()
        for wake in tuple(self.wakes):
            wake()
        super().close()

    def _last_count(self) -> int | None:
        try:
            return self._dropped()
        except LoadError:
            # The counter is gone already: closing must go on, and nobody knows the number.
            return None

    def _check_open(self) -> None:
        if self._closed:
            raise NotLive("this stream is closed: the session it belonged to has ended")

    def live_waiter(self) -> Waiter | None:
        """What to wait with, made at the first wait; None once closed."""
        with self._lock:
            if self._closed:
                return None
            if self._waiter is None:
                try:
                    self._waiter = self._make_waiter()
                except LoadError:
                    # A signal handler closed the session meanwhile.
                    if self._closed:
                        return None
                    raise
            return self._waiter

    def _wait_until(self, fill: Callable[[], bool], deadline: float | None) -> bool:
        """Whether `fill` found something before the deadline, the end or the close."""
        return wait_for(lambda: self._look(fill), lambda: self.busy, self._wait, deadline)[0] > 0

    def _wait(self, timeout: float | None) -> Wait:
        waiter = self.live_waiter()
        return Wait.CLOSED if waiter is None else waiter.wait(timeout)

    def _look(self, fill: Callable[[], bool]) -> bool:
        """What `fill` says; False once closed."""
        try:
            return not self._closed and fill()
        except ValueError:
            # A signal handler closed the session, and with it the memory, while we were reading.
            if self._closed:
                return False
            raise

    def _fill(self, wanted: int = 1, most: int = _BATCH) -> bool:
        """Whether records are held; the ring is looked at, once, if fewer than `wanted` are."""
        with self._lock:
            pending = self._settle()
            if len(pending) >= wanted:
                return True
            batch = self._reader.scan(most - len(pending))
            self._busy = batch.busy
            self._held = (deque([*pending, *batch.records]), batch)
            return bool(self._settle())

    def _fill_rows(self, rows: list[Rows], dtype: DType, most: int) -> bool:
        """Whether an array was put into `rows`: first of the records held, then of the ring's."""
        from kring.stream.rows import rows_of

        with self._lock:
            pending = self._settle()
            if pending:
                rows.append(rows_of([*pending][:most], dtype))
                self._held = (deque([*pending][len(rows[0]) :]), self._held[1])
                return True
            found, batch = self._reader.rows(dtype, most)
            self._busy = batch.busy
            self._held = (pending, batch)
            self._settle()
            rows.extend([found] if len(found) else [])
            return bool(rows)

    def _settle(self) -> deque[bytes]:
        """The records held, once the ring has been given back the room they took there."""
        pending, batch = self._held
        if batch is not None:
            self._reader.release(batch)
        return pending

    def _take(self) -> bytes | None:
        """The next record held, None if there is none or the stream was closed."""
        try:
            return None if self._closed else self._held[0].popleft()
        except IndexError:
            return None


def deadline_of(timeout: float | None) -> float | None:
    """When a wait of so many seconds, begun now, is over; None for one without bound."""
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout must be at least 0 seconds, got {timeout}")
    return None if timeout is None else monotonic() + timeout


def wait_for(
    look: Callable[[], int],
    busy: Callable[[], bool],
    wait: Callable[[float | None], Wait],
    deadline: float | None,
) -> tuple[int, Wait]:
    """How much `look` found, and why no more waiting: there was something, the time is over, or
    nothing will ever come. `busy` says that a record is being written, which is no time to `wait`.
    """
    pause = FIRST_PAUSE_S
    waited = False
    while not (found := look()):
        left = None if deadline is None else max(deadline - monotonic(), 0.0)
        if waited and left == 0:
            return 0, Wait.TIMEOUT
        waited = True
        if busy():
            sleep(pause if left is None else min(pause, left))
            pause = longer(pause)
        elif (ended := wait(left)) is not Wait.READY:
            return look(), ended
    return found, Wait.READY


def longer(pause: float) -> float:
    """The next pause in seconds while a record is being written."""
    return min(pause * 2, _LONGEST_PAUSE_S)
