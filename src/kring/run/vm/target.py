"""The embedded VM as a place to run programs.

In:  an `Object`.
Out: `Vm().open(object)`, a `VmRuntime`: its maps, programs, links and waiters, all in this process.
Rule: nothing happens by itself. A program runs when `run` or `fire` is called, in that thread, or
     when somebody waits for a stream and the feed has an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic_ns
from typing import TYPE_CHECKING

from kring.abi.isa import Pseudo
from kring.abi.programs import Kind
from kring.abi.tracepoints import TraceField
from kring.btf.blob import Btf
from kring.btf.ext import LineInfo
from kring.errors import AttachError, LoadError, NotSupported
from kring.obj.object import KfuncRef, KsymRef, Map, Object, Program
from kring.record import field, record
from kring.run.spec import kind_of
from kring.run.target import ANYWHERE, Hook, LiveMap, PerfOptions, RunResult
from kring.run.vm import kfuncs
from kring.run.vm.context import prepare
from kring.run.vm.feed import Event, Feed
from kring.run.vm.helpers import table
from kring.run.vm.layout import Value, describes, event
from kring.run.vm.machine import LIMIT, Machine, TailCall
from kring.run.vm.maps import VmMap, create, no_names
from kring.run.vm.perf import PerfMap, VmPerf
from kring.run.vm.task import Task
from kring.run.vm.wait import VmWaiter
from kring.run.vm.world import World
from kring.spelling import article

if TYPE_CHECKING:
    from kring.abi.usdt import Site
    from kring.run.info import LinkInfo, ProgramInfo, ProgramStats
    from kring.run.vm.symbols import Setting

# Ids of maps and programs begin here: far from any descriptor of this process.
_FIRST_ID = 1 << 20


@record
class Vm:
    """The embedded VM. `feed` gives the events that make programs run, None for none at the moment.
    `tracepoints` gives the layout of tracepoints that are asked for by name, `limit` bounds the
    instructions of one run, `seed` starts the random numbers. `btf` is a file with the types of a
    kernel (raw BTF, or an ELF that has it), whose layouts are then used in place of the program's
    own declarations.

    `config` gives settings of the kernel that objects ask for, `{"CONFIG_HZ": 250}`; `ksyms` its
    symbols: the value of a variable, zero if not given, or the address of what has no type."""

    task: Task = field(default_factory=Task)
    cpus: int = 2
    limit: int = LIMIT
    seed: int = 0
    tracepoints: Mapping[str, Sequence[TraceField]] = field(
        default_factory=dict[str, Sequence[TraceField]]
    )
    feed: Iterable[Event | None] | None = None
    btf: str | None = None
    config: Mapping[str, Setting] = field(default_factory=dict[str, "int | str | bool"])
    ksyms: Mapping[str, Value] = field(default_factory=dict[str, Value])

    def open(self, obj: Object) -> VmRuntime:
        return VmRuntime(obj, self)


class VmRuntime:
    """One object in the VM. Its own BTF stands for the kernel's if the `Vm` was given none;
    `world` is what programs see."""

    def __init__(self, obj: Object, vm: Vm) -> None:
        self.btf = self._local = Btf(obj.btf) if obj.btf else None
        if vm.btf is not None:
            from kring.run.btf import read_btf

            self.btf = read_btf(vm.btf)
        self.world = World(self.btf, vm.task, vm.cpus, vm.seed)
        self._vm = vm
        self._helpers = table(self.world)
        self._programs: list[VmProgram] = []
        self._symbols: dict[str, int] = {}
        self._links: list[VmLink] = []
        self._waiters: list[VmWaiter] = []
        self._feed = None if vm.feed is None else Feed(vm.feed, self._happen)
        self.closed = False

    def tracepoint(self, name: str) -> Sequence[TraceField]:
        """The fields given for it to `Vm`.

        Raises: NotSupported for any other.
        """
        if name not in self._vm.tracepoints:
            raise NotSupported(
                f"the VM does not know the layout of tracepoint {name}; give it one:"
                f" Vm(tracepoints={{{name!r}: fields}})"
            )
        return self._vm.tracepoints[name]

    def kfunc(self, ref: KfuncRef) -> tuple[int, int]:
        """The VM's number for a kernel function.

        Raises: NotSupported for one that it does not have.
        """
        return kfuncs.number(ref.name), 0

    def ksym(self, ref: KsymRef) -> tuple[Pseudo, int, int]:
        """The address of a variable or function of the kernel's.

        Raises: NotSupported for one that it does not have.
        """
        from kring.run.vm.symbols import address

        at = self._symbols.get(ref.name)
        if at is None:
            given = self._vm.ksyms
            at = address(ref, self.world.memory, self._local, self.btf, given)
            self._symbols[ref.name] = at
        return Pseudo.VALUE, at & 0xFFFF_FFFF, at >> 32

    def parameters(self, kind: Kind, target: str) -> None:
        """Nothing is known of the arguments of kernel functions here."""

    def sites(self, target: str) -> Sequence[Site]:
        """Raises: NotSupported: there is no user space here."""
        raise NotSupported(f"the VM has no user space, where the probe {target} could be")

    def create_map(self, spec: Map) -> VmMap:
        """The map; one that is pinned is like others, as nothing outlives the VM."""
        self._check_open()
        if spec.settings and self._local:
            from kring.run.vm.symbols import configured

            spec = configured(spec, self._local, self._vm.config)
        maps = self.world.maps
        fd = _FIRST_ID + len(maps)
        maps[fd] = create(spec, fd, self.world.memory, self.world.cpus)
        maps[fd].among(maps)
        return maps[fd]

    def load(self, program: Program, code: bytes) -> VmProgram:
        """The program, ready to run.

        Raises: ObjectError or VmError for code that no kernel would take either.
        """
        self._check_open()
        kind, target = kind_of(program)
        machine = Machine(
            code,
            self.world.memory,
            self._helpers,
            lines={line.slot: _shown(line) for line in program.lines},
            resolve=self.world.resolve,
            kfuncs=kfuncs.table(self.world) if program.kfuncs else None,
            limit=self._vm.limit,
        )
        live = VmProgram(program, _FIRST_ID + len(self._programs), kind, target, machine, self)
        self._programs.append(live)
        self.world.programs[live.fd] = machine
        return live

    def attach(self, program: VmProgram) -> VmLink:
        """Let `fire` of the program's hook run it."""
        self._check_open()
        if not program.kind.hooked:
            raise AttachError(
                f'"{program.spec.name}" is {article(program.kind.name)} program, which has no hook.'
                " Test-run it with .run()"
            )
        link = VmLink(program, self._links)
        self._links.append(link)
        return link

    def attach_struct(self, live: LiveMap) -> VmLink:
        """Raises: NotSupported: there is nothing here that calls its functions."""
        raise NotSupported(f"the VM has nothing that calls the functions of {live.spec.name!r}")

    def fire(
        self, hook: str, fields: Mapping[str, Value] | None = None, *, ctx: bytes = b""
    ) -> list[RunResult]:
        """Run every program attached to a hook, as its section names it (`sched:sched_switch`),
        on a context of these bytes or, for a tracepoint, with these fields."""
        if fields is not None:
            ctx = event(self.world.memory, self.btf, hook, fields)
        return [
            link.program.run(ctx=ctx) for link in list(self._links) if link.program.hook == hook
        ]

    def _happen(self, one: Event) -> None:
        self.world.task = one.task or self._vm.task
        self.fire(one.hook, one.fields if describes(self.btf, one.hook) else None)

    def perf(self, stream: LiveMap, options: PerfOptions) -> VmPerf:
        """The stream's buffers, one for each CPU."""
        self._check_open()
        live = self.world.maps[stream.fd]
        if not isinstance(live, PerfMap):
            raise LoadError(f"map {live.spec.name!r} is no perf event array: {live.spec.type.name}")
        return live.open(options)

    def waiter(self, streams: Sequence[LiveMap]) -> VmWaiter:
        self._check_open()
        waiter = VmWaiter([self.world.maps[stream.fd] for stream in streams], self._feed)
        self._waiters.append(waiter)
        return waiter

    def _check_open(self) -> None:
        if self.closed:
            raise LoadError("the object is closed: its maps and programs are gone")

    def close(self) -> None:
        """End all waits and forget everything; again does nothing."""
        self.closed = True
        for waiter in self._waiters:
            waiter.close()
        self._links.clear()
        for live in self.world.maps.values():
            live.gone = True


class VmProgram:
    """A program in the VM; `hook` is the target its section names."""

    def __init__(
        self,
        spec: Program,
        fd: int,
        kind: Kind,
        hook: str,
        machine: Machine,
        runtime: VmRuntime,
    ) -> None:
        self.spec = spec
        self.fd = fd
        self.kind = kind
        self.hook = hook
        self._machine = machine
        self._runtime = runtime
        self._runs = self._run_time_ns = 0

    def attach(self, hook: Hook = ANYWHERE) -> VmLink:
        return self._runtime.attach(self)

    def read(self, hook: Hook = ANYWHERE) -> bytes:
        """Raises: NotSupported: there are no kernel objects to run for here."""
        raise NotSupported(f'"{self.spec.name}": the VM has nothing that an iterator runs for')

    def run(self, data: bytes = b"", ctx: bytes = b"", repeat: int = 1) -> RunResult:
        """What the program made of a packet or a context; any kind can run here.

        Raises: VmError at a fault, or if the program ends while it holds a reserved record.
        """
        if self._runtime.closed:
            raise LoadError(f'program "{self.spec.name}" is gone: its session has ended')
        world = self._runtime.world
        given = prepare(world.memory, self.kind, data, ctx)
        value, begin, times = 0, monotonic_ns(), max(repeat, 1)
        try:
            for _ in range(times):
                value = self._once(world, given.ctx.base)
        finally:
            given.release(world.memory)
        taken = monotonic_ns() - begin
        self._runs += times
        self._run_time_ns += taken
        return RunResult(value & 0xFFFF_FFFF, given.data_out(), given.ctx_out(), taken // times)

    def info(self) -> ProgramInfo:
        """What the VM knows of the program."""
        from kring.run.info import ProgramInfo

        return ProgramInfo(
            self.fd, self.spec.name, self.kind.type.name.lower(), "", self.spec.slots
        )

    def stats(self) -> ProgramStats:
        """How often the program ran; all runs that ended are counted here."""
        from kring.run.info import ProgramStats

        return ProgramStats(self._runs, self._run_time_ns)

    def pin(self, path: str) -> None:
        """Raises: NotSupported."""
        raise no_names(f"program {self.spec.name!r}")

    def unpin(self, path: str) -> None:
        """Nothing has a name here."""

    def _once(self, world: World, ctx: int) -> int:
        try:
            value = self._run(world, ctx)
        except BaseException:
            world.abandon()
            raise
        world.settle()
        return value

    def _run(self, world: World, ctx: int) -> int:
        """The result of the program, or of the last one that went on in its place."""
        machine = self._machine
        world.tail_calls = 0
        while True:
            try:
                return machine.run(ctx)
            except TailCall as jump:
                machine = jump.machine


class VmLink:
    """An attached program; closing detaches it."""

    def __init__(self, program: VmProgram, among: list[VmLink]) -> None:
        self.program = program
        self._among = among

    def close(self) -> None:
        if self in self._among:
            self._among.remove(self)

    def info(self) -> LinkInfo:
        """What the VM knows of the link."""
        from kring.run.info import LinkInfo

        at = self._among.index(self) + 1 if self in self._among else 0
        return LinkInfo(at, self.program.kind.name, self.program.fd)

    def pin(self, path: str) -> None:
        """Raises: NotSupported."""
        raise no_names(f"the link of program {self.program.spec.name!r}")

    def unpin(self, path: str) -> None:
        """Nothing has a name here."""


def _shown(line: LineInfo) -> str:
    return f"{line.file}:{line.line}: {line.line_text.strip()}".rstrip(": ")
