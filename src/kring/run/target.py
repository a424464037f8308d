"""What a place that runs programs must offer: the kernel and the embedded VM alike.

    Target.open(object) → Runtime ─ create_map → LiveMap
                                  ─ load       → LiveProgram ─ attach → Link
                                  ─ waiter     → Waiter

`fd` is a file descriptor in the kernel and an id of the same use in the VM, so that relocation
need not know which of the two it works for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from kring.abi.isa import Pseudo
from kring.abi.programs import Kind, Parameter
from kring.abi.tracepoints import TraceField
from kring.btf.blob import Btf
from kring.obj.object import KfuncRef, KsymRef, Map, Object, Program
from kring.record import record

if TYPE_CHECKING:
    from kring.abi.usdt import Site
    from kring.run.info import LinkInfo, MapInfo, ProgramInfo, ProgramStats


class Wait(Enum):
    """Why a wait ended."""

    READY = "there may be data"
    TIMEOUT = "nothing came in time"
    CLOSED = "closed from elsewhere, or nothing will ever come"


@record
class RunResult:
    """What one test-run gave: the program's result, the data and context it left behind, and the
    mean time of one run in nanoseconds (0 where nobody measured)."""

    value: int
    data: bytes = b""
    ctx: bytes = b""
    duration_ns: int = 0


@record
class RingMemory:
    """A ring buffer's memory: positions as one-element u64 views, and the data mapped twice."""

    consumer: memoryview
    producer: memoryview
    data: memoryview
    size: int


@record
class PerfMemory:
    """One CPU's perf buffer: positions as one-element u64 views, and the data, mapped once.

    `tail` is where reading ended; of a buffer written backwards only the reader knows it.
    """

    cpu: int
    head: memoryview
    tail: memoryview
    data: memoryview
    size: int


@record
class PerfOptions:
    """How perf buffers are opened.

    `size` is bytes for each CPU's. A wake-up comes after so many records or, if that is 0, after so
    many bytes, and whoever waits looks every `look_s` seconds for what is below that mark, if that
    is not 0. `overwrite` lets new records take the place of old ones, from the end of the buffer
    backwards; `timed` puts its time in front of each record, in nanoseconds of CLOCK_MONOTONIC_RAW.
    """

    size: int = 32 * 1024
    wakeup_events: int = 1
    wakeup_watermark: int = 0
    look_s: float = 0
    overwrite: bool = False
    timed: bool = False


class PerfBuffers(Protocol):
    """The open perf buffers of a map, one for each CPU that is online and has an entry.

    `lost` has the records that found no room, or came during a pause, by CPU; None where the
    kernel does not say. `looked` is called before each look.
    """

    @property
    def memory(self) -> Sequence[PerfMemory]: ...
    def looked(self) -> None: ...
    def pause(self, paused: bool) -> None: ...
    def lost(self) -> dict[int, int] | None: ...


class Named(Protocol):
    """What can have names in the BPF file system, which keep it alive without a process."""

    def pin(self, path: str) -> None: ...
    def unpin(self, path: str) -> None: ...


class LiveMap(Named, Protocol):
    """A created map, of raw bytes; a per-CPU value is the values of all CPUs in a row.

    `keys` and `items` end, and give no key twice, whatever others do meanwhile. `take` and `drain`
    remove what they give, `store_all` says how many entries found room, `delete_all` how many
    keys were there. A queue or stack has empty keys; `may_hold` asks a filter.
    `names` are the paths it had from the beginning; `value` is the memory of an array's only value,
    as programs see it and may change it.
    """

    spec: Map
    fd: int

    @property
    def names(self) -> tuple[str, ...]: ...
    def lookup(self, key: bytes) -> bytes | None: ...
    def update(self, key: bytes, value: bytes, flags: int = 0) -> bool: ...
    def delete(self, key: bytes) -> bool: ...
    def keys(self) -> Iterator[bytes]: ...
    def items(self) -> Iterator[tuple[bytes, bytes]]: ...
    def drain(self) -> list[tuple[bytes, bytes]]: ...
    def store_all(self, entries: Sequence[tuple[bytes, bytes]]) -> int: ...
    def delete_all(self, keys: Sequence[bytes]) -> int: ...
    def take(self, key: bytes = b"") -> bytes | None: ...
    def may_hold(self, value: bytes) -> bool: ...
    def ring(self) -> RingMemory: ...
    def value(self) -> memoryview: ...
    def info(self) -> MapInfo: ...


class Link(Named, Protocol):
    """An attached program; closing detaches it, unless a name keeps it."""

    def info(self) -> LinkInfo: ...
    def close(self) -> None: ...


@record
class Hook:
    """What of a hook the program itself does not name: the network device, the cgroup's directory,
    the process that is watched, the socket's descriptor, the map's name or descriptor, a file of
    the network namespace. `target` stands for what the section names behind its `/`, `frequency`
    or `period` says how often samples are taken, `mode` how packets reach an xdp program, and
    `priority` is a netfilter hook's."""

    interface: str | None = None
    cgroup: str | None = None
    pid: int | None = None
    socket: int | None = None
    map: str | int | None = None
    netns: str | None = None
    target: str = ""
    frequency: int = 0
    period: int = 0
    mode: str = ""
    priority: int = 0


ANYWHERE = Hook()


class LiveProgram(Named, Protocol):
    """A loaded program."""

    spec: Program
    fd: int

    def attach(self, hook: Hook = ANYWHERE) -> Link: ...
    def read(self, hook: Hook = ANYWHERE) -> bytes: ...
    def run(self, data: bytes = b"", ctx: bytes = b"", repeat: int = 1) -> RunResult: ...
    def info(self) -> ProgramInfo: ...
    def stats(self) -> ProgramStats: ...


class Waiter(Protocol):
    """Waits for any of some streams; `wake` may be called from any thread or signal handler."""

    def wait(self, timeout: float | None) -> Wait: ...
    def wake(self) -> None: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Runtime(Protocol):
    """One object being brought to life; `close` undoes everything it made."""

    @property
    def btf(self) -> Btf | None: ...

    def tracepoint(self, name: str) -> Sequence[TraceField]: ...
    def kfunc(self, ref: KfuncRef) -> tuple[int, int]: ...
    def ksym(self, ref: KsymRef) -> tuple[Pseudo, int, int]: ...
    def parameters(self, kind: Kind, target: str) -> Sequence[Parameter] | None: ...
    def sites(self, target: str) -> Sequence[Site]: ...
    def create_map(self, spec: Map) -> LiveMap: ...
    def load(self, program: Program, code: bytes) -> LiveProgram: ...
    def attach_struct(self, live: LiveMap) -> Link: ...
    def perf(self, stream: LiveMap, options: PerfOptions) -> PerfBuffers: ...
    def waiter(self, streams: Sequence[LiveMap]) -> Waiter: ...
    def close(self) -> None: ...


class Target(Protocol):
    """Where programs can run: `Kernel()` or `Vm()`."""

    def open(self, obj: Object) -> Runtime: ...
