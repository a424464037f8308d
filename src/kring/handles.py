"""Live handles: a running map or program, and what its declaration says of it.

In: a `LiveMap` or `LiveProgram` of a runtime. Out: what `s[declaration]` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

from kring.abi.programs import parse_section
from kring.abi.uapi import PER_CPU
from kring.decl.maps import MapDeclaration, RingBuf, Stream, ValueType, key_type
from kring.decl.struct import dtype_spec
from kring.run.spec import unknown_hook
from kring.run.target import Hook, Link, LiveMap, LiveProgram, RunResult, Waiter
from kring.stream.handle import StreamHandle
from kring.stream.maps import MapHandle, PerCpuHandle, codec
from kring.stream.ring import NoReader, RingReader


class HasFileno(Protocol):
    """A socket, or whatever else has a descriptor."""

    def fileno(self) -> int: ...


class StructHandle:
    """A struct of functions that the kernel calls while it is attached."""

    def __init__(self, live: LiveMap, attach: Callable[[LiveMap], Link]) -> None:
        self._live = live
        self._attach = attach
        self._link: Link | None = None
        self.name = live.spec.name
        self.fd = live.fd

    def attach(self) -> None:
        """Put it in force.

        Raises: AttachError if it is, or the kernel finds it incomplete.
        """
        self._link = self._attach(self._live)

    def detach(self) -> None:
        """Take it out of force; again does nothing."""
        if self._link is not None:
            self._link.close()


class ProgramHandle:
    """A loaded program; one that is not `hooked` runs only when asked to."""

    def __init__(self, live: LiveProgram) -> None:
        self._live = live
        self._links: list[Link] = []
        self.name = live.spec.name
        self.fd = live.fd
        self.slots = live.spec.slots
        self.hooked = parse_section(live.spec.section)[0].hooked
        self.insns_processed = live.insns_processed

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
    ) -> None:
        """Connect the program to its hook, or to another: what `load` takes by these names, and
        what kinds of programs need that `load` does not attach:

        `target` is what a section's name has behind its `/`, for one that does not say it:
        a function, `path:function`, `category:event`, `egress`, of netfilter `ipv4:input`, with a
        `priority`. A socket filter takes a `socket`, programs on the data of sockets the name of
        the `map` that holds these, those of a network namespace a file that names it (`netns`), our
        own by default. A perf_event program takes the event as `target`, and the `frequency` of
        samples or the `period` between them. `mode` is how packets reach an xdp program.
        """
        fd = None if socket is None else socket.fileno()
        self.attach_to(
            Hook(interface, cgroup, pid, fd, map, netns, target, frequency, period, mode, priority)
        )

    def attach_to(self, hook: Hook) -> None:
        self._links.append(self._live.attach(hook))

    def detach(self) -> None:
        """Undo every attach."""
        while self._links:
            self._links.pop().close()

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


def map_handle(
    live: LiveMap, declaration: MapDeclaration, descriptor: Callable[[object], int]
) -> Any:
    """The handle of any map but a stream; `descriptor` gives that of a program put into it."""
    if type(declaration).__module__ == "kring.decl.containers":
        from kring.stream import containers

        return containers.handle(live, declaration, descriptor)
    key = key_type(declaration)
    assert key is not None
    if live.spec.type in PER_CPU:
        return PerCpuHandle[Any, Any](live, key, declaration.types[-1])
    return MapHandle[Any, Any](live, key, declaration.types[-1])


def stream_handle(
    live: LiveMap,
    declaration: Stream[Any],
    waiter: Callable[[], Waiter],
    counters: LiveMap | None,
) -> StreamHandle[Any]:
    """The handle of a stream; `counters` is the map that counts what it lost."""
    (record,) = declaration.types
    _, decode = codec(record)
    ring = isinstance(declaration, RingBuf)
    return StreamHandle(
        RingReader(live.ring()) if ring else NoReader(live.spec.name),
        waiter,
        decode,
        partial(_dropped, counters, live.spec.drops),
        partial(_dtype, record),
    )


def _dropped(counters: LiveMap | None, index: int | None) -> int | None:
    """A loss counter summed over all CPUs; None if nobody counts."""
    if counters is None or index is None:
        return None
    data = counters.lookup(index.to_bytes(4, "little")) or b""
    return sum(memoryview(data).cast("Q"))


def _dtype(record: ValueType) -> Any:
    import numpy

    spec: Any = dtype_spec(record) if isinstance(record, type) else f"u{record.size}"
    return numpy.dtype(spec)
