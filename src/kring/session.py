"""The right half on one page: Object → running → handles and events.

programs ─ build ─→ Object ─ create maps ─ relocate ─ load ─ attach ─→ Session
s[declaration] → handle          leaving the `with` block undoes all of it
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from kring.abi.uapi import MapType
from kring.decl.maps import (
    DROPS,
    Array,
    Hash,
    LruHash,
    LruPerCpuHash,
    MapDeclaration,
    PerCpuArray,
    PerCpuHash,
    PerfBuf,
    Stream,
)
from kring.decl.programs import Program
from kring.decl.struct import Struct
from kring.decl.variables import DATA, Global
from kring.errors import AttachError, NotLive
from kring.handles import ProgramHandle, StructHandle, map_handle, stream_handle
from kring.obj.object import Object
from kring.run.loading import bring_up
from kring.run.target import (
    ANYWHERE,
    Hook,
    LiveMap,
    Runtime,
    Target,
    Waiter,
)
from kring.stream.handle import StreamHandle
from kring.stream.maps import PerCpuHandle
from kring.stream.variables import GlobalHandle

if TYPE_CHECKING:
    from kring.decl.containers import Bloom, LpmTrie, ProgArray, Queue, Stack, StackTraces
    from kring.frontend.module import Module
    from kring.stream.buffers import PerfHandle
    from kring.stream.containers import FilterHandle, JumpHandle, QueueHandle, TracesHandle

S = TypeVar("S", bound=Struct)
K = TypeVar("K")
V = TypeVar("V")


def load(
    *programs: Program | Object,
    on: Target | None = None,
    attach: bool = True,
    interface: str | None = None,
    cgroup: str | None = None,
    pid: int | None = None,
    btf: str | None = None,
) -> Session:
    """A session that, on entering, builds, loads and attaches the programs; leaving undoes it.

    `programs` are decorated functions, or one `Object`. `on` is where they run: `Kernel()`, the
    default, or `Vm()`. `interface` is the network device whose packets xdp and tc programs see,
    `cgroup` the directory of the cgroup whose packets cgroup_skb programs see, `pid` the process
    that user space probes watch, all by default; `btf` a file with the kernel's types.

    Raises, on entering: CompileError, VerifierError, NotPermitted and the other LoadErrors.
    """
    if on is None:
        from kring.run.kernel.kernel import Kernel

        on = Kernel(btf)
    elif btf is not None:
        raise TypeError("load() takes `btf` where it takes no `on`: write `on=Kernel(btf=…)`")
    if not hasattr(on, "open"):
        raise TypeError(f"on={on!r}: programs run on `Kernel()` or on `Vm()`")
    return Session(programs, on, attach, Hook(interface, cgroup, pid))


class Session:
    """Running programs and the live handles of what they declare."""

    def __init__(
        self,
        programs: Sequence[Program | Object],
        on: Target,
        attach: bool,
        hook: Hook = ANYWHERE,
    ) -> None:
        self._given = programs
        self._on = on
        self._attach = attach
        self._hook = hook
        self._runtime: Runtime | None = None
        self._declared: dict[int, str] = {}
        self._variables: dict[int, str] = {}
        self._sources: dict[Program, str] = {}
        self._streams: dict[str, StreamHandle[Any]] = {}
        self._rings: dict[str, LiveMap] = {}
        self.object: Object | None = None
        self.maps: Mapping[str, Any] = {}
        self.globals: Mapping[str, GlobalHandle[Any]] = {}
        self.programs: Mapping[str, ProgramHandle] = {}
        self.unattached: dict[str, str] = {}
        """Programs of an Object that `load` did not attach, and what they need for that."""

    def __enter__(self) -> Self:
        if self._runtime is not None:
            raise NotLive("a session is entered once; make another with `load(…)`")
        # Building makes objects by the ten thousand and hardly any garbage: looking for it costs
        # a tenth of the time to the first event.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        finally:
            if collecting:
                gc.enable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Detach everything and give it back; again does nothing."""
        for stream in self._streams.values():
            stream.close()
        if self._runtime is not None:
            self._runtime.close()

    def _start(self) -> None:
        obj, module = self._build()
        self.object = obj
        runtime = self._runtime = self._on.open(obj)
        live, programs = bring_up(obj, runtime, self._placed)
        loaded = {name: ProgramHandle(program) for name, program in programs.items()}
        self.programs = loaded
        declarations = module.maps if module else {}
        self._declared = {id(found): name for name, found in declarations.items()}
        self.maps = {name: self._handle(name, live, declarations.get(name)) for name in live}
        variables = module.variables.items() if module else ()
        self._variables = {id(found): name for name, (_, found) in variables}
        self.globals = {
            name: GlobalHandle(live[DATA], offset, found.cell)
            for name, (offset, found) in variables
        }
        if self._attach:
            for handle in loaded.values():
                if not handle.hooked:
                    continue
                # Whoever made an object knows what its programs need; whoever loads it may not.
                if module is None and (asks := handle.unknown(self._hook)):
                    self.unattached[handle.name] = asks
                    continue
                try:
                    handle.attach_to(self._hook)
                except AttachError as error:
                    raise self._placed(error, handle.name) from None
            for found in self.maps.values():
                if isinstance(found, StructHandle):
                    found.attach()

    def _build(self) -> tuple[Object, Module | None]:
        """The object to load, and the declarations behind it if it was compiled here."""
        objects = [one for one in self._given if isinstance(one, Object)]
        if objects and len(self._given) > 1:
            raise TypeError("load() takes programs, or one Object and nothing else")
        if objects:
            return objects[0], None
        from kring.build import compile_all, program_names

        sources = [one for one in self._given if isinstance(one, Program)]
        for other in self._given:
            if other not in sources:
                raise TypeError(
                    f"load() takes programs, functions under a decorator; not {other!r}"
                )
        sources = list(dict.fromkeys(sources))
        self._sources = dict(zip(sources, program_names(sources), strict=True))
        facts = self._on.open(Object("facts", ()))
        try:
            return compile_all(sources, facts)
        finally:
            facts.close()

    def _placed(self, error: AttachError, name: str) -> AttachError:
        """The error with the line of the program that wants the hook, if it was compiled here."""
        for source, known in self._sources.items():
            if known == name:
                code = source.function.__code__
                error.add_note(f"  {code.co_filename}:{code.co_firstlineno}, at {name}()")
        return error

    def _handle(
        self, name: str, live: Mapping[str, LiveMap], declaration: MapDeclaration | None
    ) -> Any:
        one = live[name]
        if declaration is None and one.spec.type is MapType.STRUCT_OPS:
            assert self._runtime is not None
            return StructHandle(one, self._runtime.attach_struct)
        if declaration is None:
            return one
        if not isinstance(declaration, Stream):
            return map_handle(one, declaration, self._descriptor)
        assert self._runtime is not None
        stream: Stream[Any] = declaration  # pyright: ignore[reportUnknownVariableType]
        self._rings[name] = one
        self._streams[name] = stream_handle(one, stream, self._runtime, live.get(DROPS))
        return self._streams[name]

    def _descriptor(self, program: object) -> int:
        """The descriptor of a program of this session."""
        if isinstance(program, Program) and program in self._sources:
            program = self.programs[self._sources[program]]
        if not isinstance(program, ProgramHandle):
            raise KeyError(f"{program!r} is no program of this session")
        return program.fd

    @overload
    def __getitem__(self, key: PerfBuf[S], /) -> PerfHandle[S]: ...
    @overload
    def __getitem__(self, key: Stream[S], /) -> StreamHandle[S]: ...
    @overload
    def __getitem__(
        self, key: Hash[K, V] | LruHash[K, V] | LpmTrie[K, V], /
    ) -> MutableMapping[K, V]: ...
    @overload
    def __getitem__(self, key: PerCpuHash[K, V] | LruPerCpuHash[K, V], /) -> PerCpuHandle[K, V]: ...
    @overload
    def __getitem__(self, key: Array[V], /) -> MutableMapping[int, V]: ...
    @overload
    def __getitem__(self, key: PerCpuArray[V], /) -> PerCpuHandle[int, V]: ...
    @overload
    def __getitem__(self, key: Queue[V] | Stack[V], /) -> QueueHandle[V]: ...
    @overload
    def __getitem__(self, key: Bloom[V], /) -> FilterHandle[V]: ...
    @overload
    def __getitem__(self, key: StackTraces, /) -> TracesHandle: ...
    @overload
    def __getitem__(self, key: ProgArray, /) -> JumpHandle: ...
    @overload
    def __getitem__(self, key: Global[V], /) -> GlobalHandle[V]: ...
    @overload
    def __getitem__(self, key: Program, /) -> ProgramHandle: ...
    def __getitem__(self, key: Any, /) -> Any:
        """The live handle of a declaration or a program."""
        if self._runtime is None:
            raise NotLive("nothing is loaded yet: write `with load(…) as s:`")
        if isinstance(key, Program) and key in self._sources:
            return self.programs[self._sources[key]]
        if id(key) in self._variables:
            return self.globals[self._variables[id(key)]]
        name = self._declared.get(id(key))
        if name is None:
            what = type(key).__name__
            raise KeyError(f"no loaded program uses this {what}; loaded maps: {list(self.maps)}")
        return self.maps[name]

    def poll(self, timeout: float | None = None) -> int:
        """Hand waiting records to subscribers; how many there were. Waits for the first at most
        `timeout` seconds, None for as long as it takes."""
        from kring.stream.dispatch import poll_all

        handles, waiter = self._subscribed()
        try:
            return poll_all(handles, waiter, timeout)
        finally:
            waiter.close()

    def run(self) -> None:
        """Hand records to subscribers until the streams are closed."""
        from kring.stream.dispatch import run_all

        handles, waiter = self._subscribed()
        try:
            run_all(handles, waiter)
        finally:
            waiter.close()

    def _subscribed(self) -> tuple[list[StreamHandle[Any]], Waiter]:
        if self._runtime is None:
            raise NotLive("nothing is loaded yet: write `with load(…) as s:`")
        names = [name for name, stream in self._streams.items() if stream.subscribers]
        if not names:
            raise NotLive("no stream has a subscriber: `s[events].subscribe(fn)` first")
        waiter = self._runtime.waiter([self._rings[name] for name in names])
        return [self._streams[name] for name in names], waiter
