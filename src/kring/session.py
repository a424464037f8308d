"""The right half on one page: Object → running → handles and events.

programs ─ build ─→ Object ─ create maps ─ relocate ─ load ─ attach ─→ Session
s[declaration] → handle          leaving the `with` block undoes all of it
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
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
    PlainMap,
    Stream,
)
from kring.decl.programs import Program
from kring.decl.struct import Struct
from kring.decl.variables import DATA, Global
from kring.errors import AttachError, LoadError, NotLive
from kring.handles import ProgramHandle, StructHandle, declared_handle, map_handle, stream_handle
from kring.obj.object import Map, Object
from kring.obj.object import Program as Compiled
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
from kring.stream.maps import MapHandle, PerCpuHandle
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
    records: Mapping[str, type[Struct]] | None = None,
) -> Session:
    """A session that, on entering, builds, loads and attaches the programs; leaving undoes it.

    `programs` are decorated functions, or one `Object`. `on` is where they run: `Kernel()`, the
    default, or `Vm()`. `interface` is the network device whose packets xdp and tc programs see,
    `cgroup` the directory of the cgroup whose packets cgroup_skb programs see, `pid` the process
    that user space probes watch, all by default; `btf` a file with the kernel's types.
    `records` names the types of an Object's streams, `{"events": Exec}`, where its own do not.

    Raises, on entering: CompileError, VerifierError, NotPermitted and the other LoadErrors.
    """
    if on is None:
        from kring.run.kernel.kernel import Kernel

        on = Kernel(btf)
    elif btf is not None:
        raise TypeError("load() takes `btf` where it takes no `on`: write `on=Kernel(btf=…)`")
    if not hasattr(on, "open"):
        raise TypeError(f"on={on!r}: programs run on `Kernel()` or on `Vm()`")
    return Session(programs, on, attach, Hook(interface, cgroup, pid), records)


class Session:
    """Running programs and the live handles of what they declare."""

    def __init__(
        self,
        programs: Sequence[Program | Object],
        on: Target,
        attach: bool,
        hook: Hook = ANYWHERE,
        records: Mapping[str, type[Struct]] | None = None,
    ) -> None:
        self._given = programs
        self._records = records
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
        if module is None:
            self._type(obj, live)
        else:
            self._declare(module, live)
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
            for name, one in live.items():
                if one.spec.type is MapType.STRUCT_OPS:
                    self.maps[name].attach()

    def _build(self) -> tuple[Object, Module | None]:
        """The object to load, and the declarations behind it if it was compiled here."""
        objects = [one for one in self._given if isinstance(one, Object)]
        if objects and len(self._given) > 1:
            raise TypeError("load() takes programs, or one Object and nothing else")
        if objects:
            return objects[0], None
        if self._records:
            raise TypeError("load() takes `records` with an Object: programs declare their streams")
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

    def _declare(self, module: Module, live: Mapping[str, LiveMap]) -> None:
        """Make the handles of what the programs declare."""
        self._declared = {id(found): name for name, found in module.maps.items()}
        self.maps = {name: self._handle(name, live, module.maps.get(name)) for name in live}
        self._variables = {id(found): name for name, (_, found) in module.variables.items()}
        self.globals = {
            name: GlobalHandle(live[DATA], offset, found.cell, name)
            for name, (offset, found) in module.variables.items()
        }

    def _handle(
        self, name: str, live: Mapping[str, LiveMap], declaration: MapDeclaration | PlainMap | None
    ) -> Any:
        one = live[name]
        if declaration is None or isinstance(declaration, PlainMap):
            return one
        assert self._runtime is not None
        counters = live.get(DROPS)
        return self._known(
            one, declared_handle(one, declaration, self._runtime, counters, self._descriptor)
        )

    def _type(self, obj: Object, live: Mapping[str, LiveMap]) -> None:
        """Have the handles made, when asked for, of an object that says itself what it holds."""
        from kring.obj.named import Named
        from kring.typed import ENTRYLESS, STREAMS, Types, perf_outputs

        assert self._runtime is not None
        runtime = self._runtime
        types = Types(obj, self._records or {})

        def made(name: str) -> Any:
            one = live[name]
            if one.spec.type is MapType.STRUCT_OPS:
                return StructHandle(one, runtime.attach_struct)
            if one.spec.type in STREAMS:
                counters = live.get(DROPS)
                record = types.record(one.spec)
                return self._known(one, stream_handle(one, record, runtime, counters))
            if one.spec.type in ENTRYLESS:
                return one
            return map_handle(one, types.key(one.spec), types.value(one.spec), self._descriptor)

        self.maps = Named("map", live, made)
        for name in perf_outputs(obj):
            # Opened before the programs begin: what nobody waits for is lost.
            self.maps[name]
        variables = {name: one for name, one in obj.variables().items() if one.map in live}
        self.globals = Named(
            "global variable",
            variables,
            lambda name: types.variable(live[variables[name].map], variables[name]),
        )
        self.programs = Named("program", self.programs, dict(self.programs).__getitem__)

    def _known(self, live: LiveMap, handle: Any) -> Any:
        """The handle, kept for closing and for subscribers if it is a stream's."""
        is_stream = isinstance(handle, StreamHandle)
        if is_stream:
            self._rings[live.spec.name] = live
            self._streams[live.spec.name] = handle
        return handle

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
    ) -> MapHandle[K, V]: ...
    @overload
    def __getitem__(self, key: PerCpuHash[K, V] | LruPerCpuHash[K, V], /) -> PerCpuHandle[K, V]: ...
    @overload
    def __getitem__(self, key: Array[V], /) -> MapHandle[int, V]: ...
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
    @overload
    def __getitem__(self, key: Map | Compiled, /) -> Any: ...
    def __getitem__(self, key: Any, /) -> Any:
        """The live handle of a declaration or a program; or of what an object has by a name, as in
        `s[obj["events"]]`."""
        if self._runtime is None:
            raise NotLive("nothing is loaded yet: write `with load(…) as s:`")
        if isinstance(key, Map | Compiled):
            return self._of_object(key)
        if isinstance(key, Program) and key in self._sources:
            return self.programs[self._sources[key]]
        if id(key) in self._variables:
            return self.globals[self._variables[id(key)]]
        name = self._declared.get(id(key))
        if name is None:
            what = type(key).__name__
            raise KeyError(f"no loaded program uses this {what}; loaded maps: {list(self.maps)}")
        return self.maps[name]

    def _of_object(self, key: Map | Compiled) -> Any:
        """The live handle of an object's map or program, by its name."""
        is_map = isinstance(key, Map)
        handles = self.maps if is_map else self.programs
        if key.name not in handles:
            from kring.obj.named import unknown

            raise KeyError(unknown("loaded map" if is_map else "loaded program", key.name, handles))
        return handles[key.name]

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

        going, again = True, False
        while going:
            try:
                handles, waiter = self._subscribed()
            except LoadError:
                # The session was closed between two rounds.
                if again and all(stream.closed for stream in self._streams.values()):
                    return
                raise
            again = True
            try:
                going = run_all(handles, waiter)
            finally:
                waiter.close()

    def _subscribed(self) -> tuple[list[StreamHandle[Any]], Waiter]:
        if self._runtime is None:
            raise NotLive("nothing is loaded yet: write `with load(…) as s:`")
        names = [name for name, stream in self._streams.items() if stream.subscribers]
        if not names:
            raise NotLive("no stream has a subscriber: `s[events].subscribe(fn)` first")
        names = [name for name in names if not self._streams[name].closed] or names
        waiter = self._runtime.waiter([self._rings[name] for name in names])
        return [self._streams[name] for name in names], waiter
