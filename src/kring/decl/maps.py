"""Maps and streams, declared: a type, its sizes, and methods that mean something in programs.

A declaration is a frozen blueprint and a typed key: `s[events]` is the live handle. Type
arguments are taken as they are written (`RingBuf[Exec](…)`), so they work in closures and with
postponed annotations alike.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, overload

from kring.abi.uapi import PERF_LARGEST_RECORD, PERF_LOST_SIZE, PERF_SAMPLE_HEADER, MapType
from kring.decl.inside import only_inside
from kring.decl.locks import lock_of
from kring.decl.struct import Struct, layout
from kring.decl.types import ArrayType, IntType, int_type
from kring.errors import DeclarationError, NotLive
from kring.record import record

S = TypeVar("S", bound=Struct)
K = TypeVar("K")
V = TypeVar("V")

ValueType = IntType | type[Struct]
"""What a key, a value or a record can be."""

DROPS = "kring_drops"
"""The map that counts lost records: a per-CPU array of u64, one entry per counted stream."""

SCRATCH = "kring_scratch"
"""The map that holds the large structs of programs: a per-CPU array, one entry for each."""

LARGEST_ON_STACK = 256
"""Bytes of the largest struct that a program builds in its stack, which has 512."""

SMALLEST_RING = 4096
"""A page on the machines supported; on others the kernel may want more."""

RING_RECORD_HEADER = 16
"""A ring's size less this is its largest record: its header, and one byte that stays free."""


@record
class Typed:
    """`RingBuf[Exec]`: a declaration that still wants its sizes."""

    declaration: type[Declaration]
    types: tuple[object, ...]

    def __call__(self, *sizes: Any, **options: Any) -> Declaration:
        kind: Any = self.declaration
        types = tuple(value_type(kind.__name__, one) for one in self.types)
        made: MapDeclaration = kind.__new__(kind)
        object.__setattr__(made, "types", types)
        kind.__init__(made, *sizes, **options)
        return made


def value_type(owner: str, annotation: object) -> ValueType:
    """The key, value or record type an annotation stands for."""
    kind = int_type(annotation)
    if kind is not None:
        return kind
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    wanted = "an integer type such as u32, or a Struct"
    raise DeclarationError(f"{owner}[…] holds {annotation!r}; it takes {wanted}")


class Declaration:
    """Base of what a variable declares and a session makes live: typed, frozen, named by it."""

    __slots__ = ("types",)
    types: tuple[ValueType, ...]

    if not TYPE_CHECKING:

        def __class_getitem__(cls, types: Any) -> Any:
            listed = types if isinstance(types, tuple) else (types,)
            if any(isinstance(one, TypeVar) for one in listed):
                return super().__class_getitem__(types)
            return Typed(cls, listed)

    def __new__(cls, *_: Any, **__: Any) -> Self:
        made = super().__new__(cls)
        object.__setattr__(made, "types", ())
        return made

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> NoReturn:
            not_live(self, f".{name} = …")

        def __delattr__(self, name: str) -> NoReturn:
            not_live(self, f".{name}")

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):
                raise AttributeError(name)
            not_live(self, f".{name}")

    def __len__(self) -> NoReturn:
        not_live(self, " with len()")

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> NoReturn:
        not_live(self, " in a loop")


class MapDeclaration(Declaration):
    """Base of all maps.

    `arity` is how many types it is declared with, `key` the type of its keys where all maps of the
    kind have the same, `flags` those of the kernel's map, BPF_F_*.
    """

    __slots__ = ("max_entries",)
    type: ClassVar[MapType]
    arity: ClassVar[int]
    key: ClassVar[IntType | None] = None
    flags: ClassVar[int] = 0
    max_entries: int

    def __init__(self, max_entries: int) -> None:
        name = type(self).__name__
        if len(self.types) != self.arity:
            example = _EXAMPLES[self.arity].replace("Map", name)
            raise DeclarationError(f"{name} needs its types: `{example}(…)`")
        if not isinstance(max_entries, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeclarationError(f"{name}: its size is a whole number, not {max_entries!r}")
        self._check_entries(max_entries)
        self._check_lock()
        object.__setattr__(self, "max_entries", max_entries)

    def _check_lock(self) -> None:
        held = [lock_of(kind) for kind in self.types if isinstance(kind, type)]
        if any(held) and self.type not in (MapType.HASH, MapType.ARRAY):
            name = type(self).__name__
            raise DeclarationError(f"{name} has no room for a lock; a Hash or an Array has")

    def _check_entries(self, entries: int) -> None:
        if entries < 1:
            raise DeclarationError(f"{type(self).__name__}: {entries} entries; it needs at least 1")


def not_live(declaration: Declaration, use: str) -> NoReturn:
    """Refuse a use of a declaration that only its live handle has."""
    kind = type(declaration).__name__
    raise NotLive(
        f"this {kind} is a declaration, used as if it were live ({kind}{use}); "
        "inside `with load(…) as s:` its live handle is `s[declaration]`"
    )


@record
class PlainMap:
    """A map by its numbers: of what kind and how large it is, what its keys and values are, if it
    has any, and whether losses of a stream are counted."""

    type: MapType
    key: ValueType | ArrayType | None
    value: ValueType | ArrayType | None
    max_entries: int
    flags: int = 0
    count_drops: bool = False


_EXAMPLES = ("Map", "Map[Exec]", "Map[u32, u64]")

INDEX = IntType(4)
"""The type of an array's index, and of all numbers that kinds of maps give their entries."""


def value_size(kind: ValueType | ArrayType) -> int:
    """Bytes of one key, value or record."""
    return layout(kind).size if isinstance(kind, type) else kind.size


def key_type(declaration: MapDeclaration) -> ValueType | None:
    """The type of the map's keys; an array's is its index, None where it has none."""
    return declaration.types[0] if declaration.arity == 2 else declaration.key


class Stream(MapDeclaration, Generic[S]):
    """Base of what carries records to user space."""

    __slots__ = ("count_drops",)
    arity = 1
    count_drops: bool

    def output(self, record: S, /) -> bool:
        """In a program: send a record; true if there was room."""
        only_inside("output()")


class RingBuf(Stream[S]):
    """A ring buffer of `size` bytes, a power of two, shared by all CPUs.

    Failed reserves and outputs are counted per CPU unless `count_drops` is false.
    Since: Linux 5.8. See: BPF_MAP_TYPE_RINGBUF.
    """

    __slots__ = ()
    type = MapType.RINGBUF

    def __init__(self, size: int = 256 * 1024, *, count_drops: bool = True) -> None:
        super().__init__(size)
        object.__setattr__(self, "count_drops", count_drops)

    def _check_entries(self, entries: int) -> None:
        if entries < SMALLEST_RING or entries & (entries - 1):
            better = 1 << (max(entries, SMALLEST_RING) - 1).bit_length()
            raise DeclarationError(
                f"RingBuf size {entries}: a ring is a power of two of at least {SMALLEST_RING} "
                f"bytes; the next valid size is {better}"
            )
        record, room = value_size(self.types[0]), entries - RING_RECORD_HEADER
        if record > room:
            better = 1 << (record + RING_RECORD_HEADER - 1).bit_length()
            raise DeclarationError(
                f"RingBuf size {entries}: one record has {record} bytes and the ring "
                f"holds at most {room}; the next valid size is {better}"
            )

    def reserve(self) -> AbstractContextManager[S, bool]:
        """In a program: a record to fill, submitted when the block is left.

        A full ring skips the block and counts it; `raise Discard` drops the record.
        """
        only_inside("reserve()")

    def try_reserve(self) -> S | None:
        """In a program: a record to fill and to `submit` or `discard`, None if the ring is full."""
        only_inside("try_reserve()")

    def submit(self, record: S, /) -> None:
        """In a program: send a record of `try_reserve`."""
        only_inside("submit()")

    def discard(self, record: S, /) -> None:
        """In a program: drop a record of `try_reserve`."""
        only_inside("discard()")


class PerfBuf(Stream[S]):
    """A perf buffer: `size` bytes for each CPU, a power of two, records of one CPU in their order.

    Failed outputs are counted per CPU unless `count_drops` is false. Readers are woken whenever
    `wakeup_watermark` more bytes came on a CPU, a quarter of its buffer by default, or
    `wakeup_events` more records; what is below that mark they see within a tenth of a second.
    `wakeup_events=1` wakes them at once, which costs the program that sends 5 to 20 µs each time.
    `ordered` has the records of all CPUs read in the order of their time. With `overwrite` new
    records take the place of the oldest, and reading pauses writing and gives what is there and
    was not read before, the newest first.
    Since: Linux 4.4. See: BPF_MAP_TYPE_PERF_EVENT_ARRAY.
    """

    __slots__ = ("ordered", "overwrite", "size", "wakeup_events", "wakeup_watermark")
    type = MapType.PERF_EVENT_ARRAY
    key = INDEX
    size: int
    wakeup_events: int | None
    wakeup_watermark: int | None
    overwrite: bool
    ordered: bool

    def __init__(
        self,
        size: int = 32 * 1024,
        *,
        count_drops: bool = True,
        wakeup_events: int | None = None,
        wakeup_watermark: int | None = None,
        overwrite: bool = False,
        ordered: bool = False,
    ) -> None:
        super().__init__(size)
        takes = self._check_record(size, ordered)
        _check_wakeup(size - PERF_LOST_SIZE - 1, takes, wakeup_events, wakeup_watermark)
        options = {
            # As many entries as there are CPUs, which only the system that runs it knows.
            "max_entries": 0,
            "size": size,
            "count_drops": count_drops,
            "wakeup_events": wakeup_events,
            "wakeup_watermark": wakeup_watermark,
            "overwrite": overwrite,
            "ordered": ordered,
        }
        for name, value in options.items():
            object.__setattr__(self, name, value)

    def _check_entries(self, entries: int) -> None:
        if entries < SMALLEST_RING or entries & (entries - 1):
            better = 1 << (max(entries, SMALLEST_RING) - 1).bit_length()
            raise DeclarationError(
                f"PerfBuf size {entries}: each CPU's buffer is a power of two of at least "
                f"{SMALLEST_RING} bytes; the next valid size is {better}"
            )

    def reserve(self) -> AbstractContextManager[S, bool]:
        """In a program: a record to fill, sent when the block is left.

        It is made in memory of the CPU's own and copied then: only then it shows, and is counted,
        if the buffer is full. `raise Discard` drops the record.
        """
        only_inside("reserve()")

    def _check_record(self, size: int, ordered: bool) -> int:
        """Bytes that one record takes up in the buffer."""
        record = value_size(self.types[0])
        takes = (PERF_SAMPLE_HEADER + 8 * ordered + record + 7) // 8 * 8
        if takes > PERF_LARGEST_RECORD:
            raise DeclarationError(
                f"PerfBuf: a record of {record} bytes; perf buffers carry records of at most"
                f" {PERF_LARGEST_RECORD // 8 * 8 - PERF_SAMPLE_HEADER - 8 * ordered} bytes, a"
                " RingBuf carries larger ones"
            )
        if takes > (room := size - PERF_LOST_SIZE - 1):
            better = 1 << (takes + PERF_LOST_SIZE).bit_length()
            raise DeclarationError(
                f"PerfBuf size {size}: one record takes up {takes} bytes and each CPU's buffer "
                f"holds at most {room}; the next valid size is {better}"
            )
        return takes


def _check_wakeup(room: int, takes: int, events: int | None, watermark: int | None) -> None:
    """Refuse marks that cannot be reached: a full buffer would wait for its reader for ever."""
    if events is not None and watermark is not None:
        raise DeclarationError(
            "PerfBuf: either wakeup_events=, a number of records, or wakeup_watermark=, a number of"
            " bytes; not both"
        )
    for name, value, most, unit in (
        ("wakeup_events", events, room // takes, "records"),
        ("wakeup_watermark", watermark, room - takes, "bytes"),
    ):
        if value is not None and not (isinstance(value, int) and 1 <= value <= most):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeclarationError(
                f"PerfBuf: {name}={value!r}; with this size it is a number of {unit} from 1 to"
                f" {most}: at more the buffer is full first, and nobody woken"
            )


class Table(MapDeclaration, Generic[K, V]):
    """What maps with keys offer to programs."""

    __slots__ = ()
    arity = 2

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V, /) -> V: ...
    def get(self, key: K, default: V | None = None, /) -> V | None:
        """In a program: the value, or `default`. A struct is a reference, an integer a copy."""
        not_live(self, ".get()")

    def pop(self, key: K, /) -> V | None:
        """In a program: the value, which is then gone from the map."""
        not_live(self, ".pop()")

    def set(self, key: K, value: V, /) -> bool:
        """In a program: store a value; true if there was room."""
        only_inside("set()")

    def __getitem__(self, key: K, /) -> V:
        not_live(self, "[key]")

    def __setitem__(self, key: K, value: V, /) -> None:
        not_live(self, "[key] = …")

    def __delitem__(self, key: K, /) -> None:
        not_live(self, "[key]")

    def __contains__(self, key: K, /) -> bool:
        not_live(self, " with `in`")


class Hash(Table[K, V]):
    """A hash table of at most `max_entries` entries. See: BPF_MAP_TYPE_HASH."""

    __slots__ = ()
    type = MapType.HASH


class LruHash(Table[K, V]):
    """A hash table that drops its least recently used entries. See: BPF_MAP_TYPE_LRU_HASH."""

    __slots__ = ()
    type = MapType.LRU_HASH


class PerCpuHash(Table[K, V]):
    """A hash table with one value per CPU. See: BPF_MAP_TYPE_PERCPU_HASH."""

    __slots__ = ()
    type = MapType.PERCPU_HASH


class LruPerCpuHash(Table[K, V]):
    """A `PerCpuHash` that drops its least recently used entries.

    See: BPF_MAP_TYPE_LRU_PERCPU_HASH.
    """

    __slots__ = ()
    type = MapType.LRU_PERCPU_HASH


class Slots(MapDeclaration, Generic[V]):
    """What arrays offer to programs: entries that always exist, at `0 <= i < length`."""

    __slots__ = ()
    arity = 1
    key = INDEX

    def __init__(self, length: int) -> None:
        super().__init__(length)

    @overload
    def get(self, i: int, /) -> V | None: ...
    @overload
    def get(self, i: int, default: V, /) -> V: ...
    def get(self, i: int, default: V | None = None, /) -> V | None:
        """In a program: the value, or `default` beyond the array's end."""
        only_inside("get()")

    def set(self, i: int, value: V, /) -> bool:
        """In a program: store a value; true if there is such an entry."""
        only_inside("set()")

    def __contains__(self, i: int, /) -> bool:
        not_live(self, " with `in`")

    def __getitem__(self, i: int, /) -> V:
        not_live(self, "[i]")

    def __setitem__(self, i: int, value: V, /) -> None:
        not_live(self, "[i] = …")


class Array(Slots[V]):
    """`length` values, zero at first. See: BPF_MAP_TYPE_ARRAY."""

    __slots__ = ()
    type = MapType.ARRAY


class PerCpuArray(Slots[V]):
    """`length` values for each CPU, zero at first. See: BPF_MAP_TYPE_PERCPU_ARRAY."""

    __slots__ = ()
    type = MapType.PERCPU_ARRAY
