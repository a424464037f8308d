"""Live handles: a running map or program, and what its declaration says of it.

In: a `LiveMap` or `LiveProgram` of a runtime. Out: what `s[declaration]` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from kring.abi.programs import parse_section
from kring.abi.uapi import PER_CPU, MapType
from kring.decl.maps import INDEX, MapDeclaration, PerfBuf, Stream, key_type
from kring.decl.struct import Struct, dtype_format, fields, single, sizeof
from kring.decl.types import Char, Coded, FieldType
from kring.errors import StreamError
from kring.run.spec import unknown_hook
from kring.run.target import (
    Hook,
    Link,
    LiveMap,
    LiveProgram,
    PerfOptions,
    RunResult,
    Runtime,
)
from kring.stream.base import Handle, MapBase
from kring.stream.handle import StreamHandle
from kring.stream.maps import MapHandle, OuterHandle, PerCpuHandle, codec
from kring.stream.ring import RingReader

if TYPE_CHECKING:
    from kring.run.info import LinkInfo, ProgramInfo, ProgramStats
    from kring.stream.buffers import PerfHandle

T = TypeVar("T")

LOOK_S = 0.1
"""How long a record below the mark that wakes readers is not seen at most. A wake-up for each
record costs the program that sent it 5 to 20 µs, 50 times of what sending it costs."""


class HasFileno(Protocol):
    """A socket, or whatever else has a descriptor."""

    def fileno(self) -> int: ...


class LinkHandle(Handle):
    """An attached program. It is detached when its session ends; one with a name (`pin`) stays
    attached until `unpin`, `detach`, or the name's removal by whoever."""

    def __init__(self, live: Link) -> None:
        self._live = self._named = live

    def detach(self) -> None:
        """Undo the attach, names that this handle gave included."""
        self.unpin()
        self._live.close()
        self.close()

    def info(self) -> LinkInfo:
        """What the running system knows of the link: id, type, the program's id."""
        return self._live.info()


class StructHandle(MapBase):
    """A struct of functions that the kernel calls while it is attached."""

    def __init__(self, live: LiveMap, attach: Callable[[LiveMap], Link]) -> None:
        super().__init__(live)
        self._attach = attach
        self._link: LinkHandle | None = None
        self.name = live.spec.name
        self.fd = live.fd

    def attach(self) -> LinkHandle:
        """Put it in force.

        Raises: AttachError if it is, or the kernel finds it incomplete.
        """
        self._link = LinkHandle(self._attach(self._live))
        return self._link

    def detach(self) -> None:
        """Take it out of force; again does nothing."""
        if self._link is not None:
            self._link.detach()


class ProgramHandle(Handle):
    """A loaded program; one that is not `hooked` runs only when asked to.

    `pin` keeps the program loaded, not attached: that takes a name for one of its `links`.
    """

    def __init__(self, live: LiveProgram) -> None:
        self._live = self._named = live
        self._links: list[LinkHandle] = []
        self.name = live.spec.name
        self.fd = live.fd
        self.slots = live.spec.slots
        self.hooked = parse_section(live.spec.section)[0].hooked

    def attach(
        self,
        interface: str | None = None,
        *,
        target: str = "",
        cgroup: str | None = None,
        pid: int | None = None,
        socket: HasFileno | None = None,
        map: str | None = None,
        netns: str | None = None,
        mode: Literal["", "generic", "native"] = "",
        frequency: int = 0,
        period: int = 0,
        priority: int = 0,
    ) -> LinkHandle:
        """Connect the program to its hook, or to another: what `load` takes by these names, and
        what kinds of programs need that `load` does not attach:

        `target` is what a section's name has behind its `/`, for one that does not say it:
        a function, `path:function`, `category:event`, `egress`, of netfilter `ipv4:input`, with a
        `priority`. A socket filter takes a `socket`, programs on the data of sockets the name of
        the `map` that holds these, those of a network namespace a file that names it (`netns`), our
        own by default. A perf_event program takes the event as `target`, and the `frequency` of
        samples or the `period` between them. `mode` is how packets reach an xdp program.

        The link that comes back is one of `links` from here on.
        """
        fd = None if socket is None else socket.fileno()
        return self.attach_to(
            Hook(interface, cgroup, pid, fd, map, netns, target, frequency, period, mode, priority)
        )

    def attach_to(self, hook: Hook) -> LinkHandle:
        self._links.append(LinkHandle(self._live.attach(hook)))
        return self._links[-1]

    @property
    def insns_processed(self) -> int:
        """How many instructions the verifier looked at, 0 where there is none."""
        return self._live.info().insns_processed

    @property
    def links(self) -> tuple[LinkHandle, ...]:
        """What `load` and `attach` connected, oldest first, until `detach`."""
        return tuple(self._links)

    def detach(self) -> None:
        """Undo every attach."""
        while self._links:
            self._links.pop().detach()

    def info(self) -> ProgramInfo:
        """What the running system knows of the program: id, tag, load time, sizes, maps."""
        return self._live.info()

    def stats(self) -> ProgramStats:
        """How often the program ran, counted while a `kring.statistics()` is open (and in the VM
        always), and how often it was skipped because it was running already."""
        return self._live.stats()

    def unknown(self, hook: Hook) -> str:
        """What `attach` must be told beyond that, empty if nothing."""
        return unknown_hook(self._live.spec, hook)

    def read(
        self, *, map: str | None = None, cgroup: str | None = None, pid: int | None = None
    ) -> bytes:
        """What an iterator writes, run for all objects of its kind, or for those of the named
        map, the cgroup or the process."""
        return self._live.read(Hook(cgroup=cgroup, pid=pid, map=map))

    def run(self, data: bytes = b"", ctx: bytes = b"", repeat: int = 1) -> RunResult:
        """What one test-run on the given input gives.

        Raises: NotSupported if the kernel cannot test-run this kind of program.
        """
        return self._live.run(data, ctx, repeat)


_RARER = frozenset(
    {
        MapType.QUEUE,
        MapType.STACK,
        MapType.BLOOM_FILTER,
        MapType.STACK_TRACE,
        MapType.PROG_ARRAY,
    }
)


def declared_handle(
    live: LiveMap,
    declaration: MapDeclaration,
    runtime: Runtime,
    counters: LiveMap | None,
    descriptor: Callable[[object], int],
) -> Any:
    """The handle of a map as it was declared; the rest is as `stream_handle` and `map_handle` take
    it."""
    types = declaration.types
    if isinstance(declaration, Stream):
        options = _perf_options(declaration) if isinstance(declaration, PerfBuf) else None  # pyright: ignore[reportUnknownArgumentType]
        return stream_handle(live, types[0], runtime, counters, options)
    value = types[-1] if types else INDEX
    return map_handle(live, key_type(declaration) or INDEX, value, descriptor)


def map_handle(
    live: LiveMap, key: FieldType, value: FieldType, descriptor: Callable[[object], int]
) -> Any:
    """The handle of any map but a stream; `descriptor` gives that of a program put into it."""
    if live.spec.type in _RARER:
        from kring.stream import containers

        return containers.handle(live, value, descriptor)
    if live.spec.type in (MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS):
        return OuterHandle[Any](live, key, value)
    kind = PerCpuHandle[Any, Any] if live.spec.type in PER_CPU else MapHandle[Any, Any]
    return kind(live, key, value)


def stream_handle(
    live: LiveMap,
    record: FieldType | None,
    runtime: Runtime,
    counters: LiveMap | None,
    options: PerfOptions | None = None,
) -> StreamHandle[Any]:
    """The handle of a stream, of bytes if its `record` is unknown; `counters` is the map that
    counts what it lost, `options` how perf buffers are opened."""
    index = live.spec.drops
    dropped = partial(_dropped, counters, index) if counters and index is not None else None
    decode = bytes if record is None else _decoder(live.spec.name, record)
    dtype = None if record is None else partial(_dtype, record)
    if live.spec.type is MapType.PERF_EVENT_ARRAY:
        size = None if record is None else _exact_size(record)
        return perf_handle(live, runtime, decode, size, options, dropped, dtype)
    waiter = partial(runtime.waiter, [live])
    reader = RingReader(live.ring())
    return StreamHandle(reader, waiter, decode, dropped or (lambda: None), dtype).through(live)


def _perf_options(declaration: PerfBuf[Any]) -> PerfOptions:
    """How a declaration wants its buffers opened."""
    events, watermark = declaration.wakeup_events or 0, declaration.wakeup_watermark or 0
    return PerfOptions(
        declaration.size,
        events,
        0 if events else watermark or declaration.size // 4,
        0 if events == 1 else LOOK_S,
        declaration.overwrite,
        declaration.ordered,
    )


def _decoder(name: str, record: FieldType) -> Callable[[bytes], Any]:
    _, decode = codec(record)
    if not (isinstance(record, type) and issubclass(record, Struct)):
        return decode
    size, least = sizeof(record), _least_size(record)

    def checked(data: bytes) -> Any:
        if len(data) < least:
            raise StreamError(
                f"{name}: a record of {len(data)} bytes is shorter than {record.__name__}, "
                f"which has {size}"
            )
        return decode(data.ljust(size, b"\0"))

    return checked


def _least_size(record: type[Struct]) -> int:
    """Bytes of a record that ends in its last field, if that is text: programs send as much of it
    as they have."""
    last = max(fields(record), key=lambda field: field.offset + field.size, default=None)
    return last.offset + 1 if last and isinstance(last.type, Char) else sizeof(record)


def _exact_size(record: FieldType) -> int | None:
    """Bytes of each record, None if they take what follows them."""
    one = record if isinstance(record, type) else single("record", record)
    rest = any(isinstance(field.type, Coded) and field.type.rest for field in fields(one))
    return None if rest else sizeof(one)


def perf_handle(
    live: LiveMap,
    runtime: Runtime,
    decode: Callable[[bytes], T],
    size: int | None = None,
    options: PerfOptions | None = None,
    dropped: Callable[[], int | None] | None = None,
    dtype: Callable[[], Any] | None = None,
) -> PerfHandle[T]:
    """The handle of any perf buffer, which is opened here. Records are of `size` bytes, or without
    one end in the kernel's padding; without `dropped` the losses are those the kernel counts."""
    from kring.stream.buffers import PerfHandle

    opened = options or PerfOptions(wakeup_events=0, wakeup_watermark=8192, look_s=LOOK_S)
    buffers = runtime.perf(live, opened)
    waiter = partial(runtime.waiter, [live])
    return PerfHandle(buffers, opened, size, waiter, decode, dropped, dtype).through(live)


def _dropped(counters: LiveMap, index: int) -> int:
    """A loss counter summed over all CPUs."""
    data = counters.lookup(index.to_bytes(4, "little")) or b""
    return sum(memoryview(data).cast("Q"))


def _dtype(record: FieldType) -> Any:
    import numpy

    return numpy.dtype(dtype_format(record))
