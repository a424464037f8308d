"""What lives in the kernel under a name: opened in another process than the one that made it.

In: a path of the BPF file system, and the type of what is there. Out: its live handle.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import finalize

from kring.decl.maps import (
    Array,
    Hash,
    LruHash,
    LruPerCpuHash,
    MapDeclaration,
    PerCpuArray,
    PerCpuHash,
    PerfBuf,
    Stream,
    Typed,
    ValueType,
    key_type,
    value_size,
)
from kring.decl.struct import Struct
from kring.errors import LoadError
from kring.handles import LinkHandle, ProgramHandle, declared_handle, map_handle, stream_handle
from kring.obj.object import Object
from kring.run.kernel.kernel import Kernel, KernelRuntime
from kring.run.kernel.maps import KernelMap
from kring.run.kernel.programs import KernelProgram
from kring.stream.base import MapBase
from kring.stream.handle import StreamHandle
from kring.stream.maps import MapHandle, PerCpuHandle

if TYPE_CHECKING:
    from kring.decl.containers import Bloom, LpmTrie, ProgArray, Queue, Stack, StackTraces
    from kring.stream.buffers import PerfHandle
    from kring.stream.containers import FilterHandle, JumpHandle, QueueHandle, TracesHandle

S = TypeVar("S", bound=Struct)
K = TypeVar("K")
V = TypeVar("V")
Path = str | os.PathLike[str]


@overload
def pinned(path: Path, kind: type[PerfBuf[S]], /) -> PerfHandle[S]: ...
@overload
def pinned(path: Path, kind: type[Stream[S]], /) -> StreamHandle[S]: ...
@overload
def pinned(
    path: Path, kind: type[Hash[K, V] | LruHash[K, V] | LpmTrie[K, V]], /
) -> MapHandle[K, V]: ...
@overload
def pinned(
    path: Path, kind: type[PerCpuHash[K, V] | LruPerCpuHash[K, V]], /
) -> PerCpuHandle[K, V]: ...
@overload
def pinned(path: Path, kind: type[Array[V]], /) -> MapHandle[int, V]: ...
@overload
def pinned(path: Path, kind: type[PerCpuArray[V]], /) -> PerCpuHandle[int, V]: ...
@overload
def pinned(path: Path, kind: type[Queue[V] | Stack[V]], /) -> QueueHandle[V]: ...
@overload
def pinned(path: Path, kind: type[Bloom[V]], /) -> FilterHandle[V]: ...
@overload
def pinned(path: Path, kind: type[StackTraces], /) -> TracesHandle: ...
@overload
def pinned(path: Path, kind: type[ProgArray], /) -> JumpHandle: ...
@overload
def pinned(path: Path, /) -> Any: ...
def pinned(path: Path, kind: Any = None, /) -> Any:
    """The live handle of what is pinned at a path of the BPF file system: a map of that `kind`,
    `pinned("/sys/fs/bpf/events", RingBuf[Exec])`, or whatever is there, a program or a link too.

    Sizes come from the kernel, types from `kind`; without it, keys and values are of the types that
    the map's maker gave it, or bytes. The handle is a context manager; what it was opened for goes
    on without it.

    All that open a ring buffer share its one consumer's position: each record goes to one of them,
    and two that read at the same time can both get it or lose it. Let one at a time read. A perf
    buffer belongs to whoever opened it last.

    Raises: LoadError if nothing is there, or something else; NotPermitted.
    """
    name = os.fspath(path)
    runtime = Kernel().open(Object(os.path.basename(name), ()))
    try:
        handle = _handle(runtime, name, kind)
    except BaseException:
        runtime.close()
        raise
    handle.opened(name, finalize(handle, runtime.close))
    return handle


def _handle(runtime: KernelRuntime, path: str, kind: Any) -> Any:
    live = runtime.pinned(path)
    if isinstance(live, KernelMap):
        return _map(runtime, live, path, kind)
    if kind is not None:
        what = "program" if isinstance(live, KernelProgram) else "link"
        raise LoadError(f"{path} is a {what}, no map: leave out {_spelled(kind)}")
    return ProgramHandle(live) if isinstance(live, KernelProgram) else LinkHandle(live)


def _map(runtime: KernelRuntime, live: KernelMap, path: str, kind: Any) -> Any:
    if kind is None:
        return _untyped(runtime, live, path)
    return declared_handle(live, _declared(live, path, kind), runtime, None, _descriptor)


def _untyped(runtime: KernelRuntime, live: KernelMap, path: str) -> Any:
    """The handle of a map as its own types have it."""
    from kring.typed import ENTRYLESS, STREAMS, Types

    spec = live.spec
    types = Types(Object(path, (), (spec,), runtime.types_of(live)), {})
    if spec.type in STREAMS:
        return stream_handle(live, types.record(spec), runtime, None)
    if spec.type in ENTRYLESS:
        return MapBase(live)
    return map_handle(live, types.key(spec), types.value(spec), _descriptor)


def _descriptor(program: object) -> int:
    if not isinstance(program, ProgramHandle):
        raise KeyError(f"{program!r} is no handle of a loaded program")
    return program.fd


def _declared(live: KernelMap, path: str, kind: Any) -> Any:
    """The declaration that the map would have been made from.

    Raises: LoadError if it would have been another map.
    """
    spec = live.spec
    declares: Any = kind.declaration if isinstance(kind, Typed) else kind
    if not (isinstance(declares, type) and issubclass(declares, MapDeclaration)):
        raise TypeError(f"{kind!r} is no kind of map: `pinned(path, RingBuf[Exec])`")
    if declares.type is not spec.type:
        raise LoadError(f"{path} is a map of another kind: {spec.type.name}, no {_spelled(kind)}")
    made: Any = kind() if declares is PerfBuf else kind(spec.max_entries)
    if not issubclass(declares, Stream):
        _check_size(path, kind, "key", key_type(made), spec.key_size)
        value = made.types[-1] if made.types else None
        _check_size(path, kind, "value", value, spec.value_size)
    return made


def _check_size(path: str, kind: Any, what: str, type: ValueType | None, size: int) -> None:
    if type is not None and value_size(type) != size:
        raise LoadError(
            f"{path} has a {what} of {size} bytes; that of {_spelled(kind)} has {value_size(type)}"
        )


def _spelled(kind: Any) -> str:
    if not isinstance(kind, Typed):
        return str(getattr(kind, "__name__", kind))
    return kind.declaration.__name__ + "[…]"


@contextmanager
def statistics() -> Generator[None]:
    """As long as the block lasts, the kernel counts and times the runs of all programs, for
    `s[program].stats()`. It takes some 20 ns of each run.

    Raises: NotPermitted.
    """
    from kring.run.kernel.info import count_runs
    from kring.run.kernel.syscall import Fds

    fds = Fds()
    try:
        count_runs(fds)
        yield
    finally:
        fds.close()
