"""A ring that a program of ours fills, and who reads it: libbpf, BCC, kring, and a bare copy.

Every reader takes the same ring to its last record, whose number is 0, and says how many records
there were, the sum of their numbers and what it took. With `late` it reads to the same end, and
notes how long after its time, which then is its number, each record came to user code.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic_ns
from typing import Any, NamedTuple

import numpy as np

from kring import Global, Program, RingBuf, Struct, array, ktime_ns, load, pack, syscall, u64
from peers import gcc

BCC = "/usr/lib/python3/dist-packages"
RECORD_HEADER = 8
SERIAL, TIME, LAST = range(3)


class Order(Struct):
    """What a run is asked for: so many records whose numbers are serial, the time, or 0."""

    records: u64
    meaning: u64


class Taken(NamedTuple):
    """What a reader found, and how long it took."""

    records: int
    total: int
    ns: int


class _CTaken(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in Taken._fields]

    def plain(self) -> Taken:
        return Taken(self.records, self.total, self.ns)


def record_type(size: int) -> type[Struct]:
    """Records of so many bytes that begin with a number."""
    if size < 8:
        raise SystemExit(f"a record of {size} bytes has no room for its number, which takes 8")
    rest = {"rest": array(size - 8)} if size > 8 else {}
    hints = {"n": u64, **dict.fromkeys(rest, bytes)}
    return type("Record", (Struct,), {"__annotations__": hints, **rest})


def library(folder: Path) -> ctypes.CDLL:
    """`streams.c`, compiled and loaded."""
    made = ctypes.CDLL(str(gcc("streams.c", folder / "streams.so", "-shared", "-fPIC")))
    made.produce.restype = ctypes.c_uint64
    made.produce.argtypes = [ctypes.c_int, ctypes.c_int, *[ctypes.c_uint64] * 4]
    return made


class Source:
    """A loaded program, its ring and its books."""

    def __init__(self, c: ctypes.CDLL, record_size: int, ring_size: int) -> None:
        self.c = c
        self.stride = RECORD_HEADER + (record_size + 7) // 8 * 8
        self.room = (ring_size - 1) // self.stride
        self._events = RingBuf[record_type(record_size)](ring_size)
        self._sent, self._total = Global[u64](0), Global[u64](0)
        self._program = producer(self._events, self._sent, self._total)

    def __enter__(self) -> Source:
        with ExitStack() as stack:
            self.session = stack.enter_context(load(self._program, attach=False))
            self.stream: Any = self.session[self._events]
            live: Any = self.stream._live
            self.fd: int = live.fd
            self.program_fd = self.session[self._program].fd
            self.memory = live.ring()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, records: int, meaning: int) -> None:
        self.session[self._program].run(ctx=pack(Order(records=records, meaning=meaning)))

    def fill(self, records: int) -> None:
        """Have the ring hold so many records, the last one with the number 0."""
        self.run(records - 1, SERIAL)
        self.run(1, LAST)

    def unread(self) -> None:
        """Have kring's handle forget how far it had read: others have read since."""
        self.stream._held = (type(self.stream._held[0])(), None)

    def books(self) -> tuple[int, int, int]:
        """Records attempted, those dropped, and the sum of the others' numbers, all so far."""
        return self.session[self._sent].value, self.stream.dropped, self.session[self._total].value


def producer(events: RingBuf[Any], sent: Global[u64], total: Global[u64]) -> Program:
    @syscall
    def emit(order: Order) -> int:
        fitting = 0
        for _ in range(order.records):
            sent.value += 1
            n = sent.value
            if order.meaning == TIME:
                n = ktime_ns()
            elif order.meaning == LAST:
                n = 0
            e = events.try_reserve()
            if e is not None:
                e.n = n
                total.value += n
                fitting = 1
                events.submit(e)
        return fitting

    return emit


Late = list[int] | None
Read = Callable[[Source, Late], Taken]


def libbpf(source: Source, late: Late) -> Taken:
    """C: a callback for each record."""
    found = _CTaken()
    times = None if late is None else (ctypes.c_uint64 * len(late))()
    if source.c.read_ring(source.fd, ctypes.byref(found), times):
        raise OSError("libbpf does not open the ring")
    if late is not None:
        late[:] = list(times or ())[: found.records - 1]
    return found.plain()


def floor(source: Source, _: Late) -> Taken:
    """C: the bytes that are there, copied to memory that is there."""
    ring, found = source.memory, _CTaken()
    begin, size = ring.consumer[0] & ring.size - 1, ring.producer[0] - ring.consumer[0]
    data = np.frombuffer(ring.data, np.uint8)[begin : begin + size]
    copy = np.full(size, 1, np.uint8)
    places = [ctypes.c_void_p(one.ctypes.data) for one in (data, copy)]
    source.c.copy_ring(places[0], ctypes.c_uint64(size), places[1], ctypes.byref(found))
    ring.consumer[0] = ring.producer[0]
    return found.plain()


def typed(source: Source, late: Late) -> Taken:
    """kring: an object for each record, one field read."""
    source.unread()
    begin, total, records = monotonic_ns(), 0, 0
    for event in source.stream:
        n = event.n
        if late is not None:
            late[records] = monotonic_ns() - n
        records += 1
        total += n
        if not n:
            break
    taken = monotonic_ns() - begin
    if late is not None:
        del late[records - 1 :]
    return Taken(records, total, taken)


def batches(source: Source, late: Late) -> Taken:
    """kring: arrays that own their memory, one column added up."""
    source.unread()
    begin, total, records = monotonic_ns(), 0, 0
    for rows in source.stream.batches():
        n = rows["n"]
        if late is not None:
            late[records : records + len(n)] = (monotonic_ns() - n.astype(int)).tolist()
        records += len(n)
        total += int(n.sum())
        if not n[-1]:
            break
    taken = monotonic_ns() - begin
    if late is not None:
        del late[records - 1 :]
    return Taken(records, total, taken)


def bcc(source: Source, late: Late) -> Taken:
    """BCC's Python: a callback for each record, one field read by ctypes.

    The classes are BCC's, the ring is not: they get its descriptor instead of making one.
    """
    from bcc import BPF
    from bcc.libbcc import lib
    from bcc.table import RingBuf as Table

    class Event(ctypes.Structure):
        _fields_ = [("n", ctypes.c_uint64)]

    pointer = ctypes.POINTER(Event)
    total = records = 0
    ended = False

    def each(_context: object, data: object, _size: int) -> None:
        nonlocal total, records, ended
        n = ctypes.cast(data, pointer).contents.n
        if late is not None:
            late[records] = monotonic_ns() - n
        records += 1
        total += n
        if not n:
            ended = True

    table: Any = Table.__new__(Table)
    table.bpf, table.map_fd, table._cbs = BPF.__new__(BPF), source.fd, {}
    table.bpf._ringbuf_manager = None
    table.open_ring_buffer(each)
    begin = monotonic_ns()
    table.bpf.ring_buffer_consume()
    while not ended:
        table.bpf.ring_buffer_poll()
    taken = monotonic_ns() - begin
    lib.bpf_free_ringbuf(table.bpf._ringbuf_manager)
    if late is not None:
        del late[records - 1 :]
    return Taken(records, total, taken)


class Reader(NamedTuple):
    """One row of the tables. `slow` ones get fewer records; one that does not `wait` only finds
    what is there."""

    name: str
    read: Read
    slow: bool = False
    waits: bool = True


REFERENCE = Reader("libbpf, C", libbpf)
READERS = (
    REFERENCE,
    Reader("memcpy of the bytes, C", floor, waits=False),
    Reader("kring, batches", batches),
    Reader("kring, per event", typed, slow=True),
    Reader("BCC, Python", bcc, slow=True),
)


def here() -> tuple[list[Reader], list[str]]:
    """The readers that this machine has, and what to say of the others."""
    sys.path.append(BCC)
    try:
        importlib.import_module("bcc")
    except ImportError as error:
        without = [one for one in READERS if one.read is not bcc]
        return without, [f"BCC, Python: skipped, it is not here ({error}); python3-bpfcc has it"]
    return list(READERS), []
