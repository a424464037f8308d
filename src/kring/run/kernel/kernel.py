"""The Linux kernel as a place to run programs.

In: an `Object`. Out: its `KernelRuntime`, which makes maps, programs and links and undoes them all.
Every descriptor is in a list from the moment it exists, so that `close` misses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kring.abi.isa import Pseudo
from kring.abi.programs import Kind, Parameter
from kring.abi.tracepoints import TraceField
from kring.abi.uapi import MapType, ProgType
from kring.btf.blob import Btf
from kring.errors import LoadError
from kring.obj.object import KfuncRef, KsymRef, Map, Object, Program
from kring.record import record
from kring.run.btf import VMLINUX, kernel_btf, read_btf
from kring.run.kernel import maps, programs
from kring.run.kernel.attach import KernelLink, Surroundings, attach
from kring.run.kernel.maps import KernelMap
from kring.run.kernel.programs import KernelProgram
from kring.run.kernel.syscall import Fds
from kring.run.kernel.tracefs import Tracefs
from kring.run.kernel.types import ObjectTypes
from kring.run.kernel.wait import KernelWaiter
from kring.run.target import Hook, LiveMap, PerfOptions

if TYPE_CHECKING:
    from kring.abi.usdt import Site
    from kring.run.kernel.config import KernelConfig
    from kring.run.kernel.perf import KernelPerf
    from kring.run.kernel.structs import StructLink, Structs


@record
class Kernel:
    """The running kernel. `btf` is a file with its types (raw BTF, or an ELF that has it), for
    kernels that do not publish them in /sys/kernel/btf."""

    btf: str | None = None

    def open(self, obj: Object) -> KernelRuntime:
        return KernelRuntime(obj, self.btf)


class KernelRuntime:
    """One object in the kernel. Methods raise LoadError and its kinds."""

    def __init__(self, obj: Object, btf: str | None = None) -> None:
        self._obj = obj
        self._btf_path = btf
        self._btf: Btf | None = None
        self._own: Btf | None = None
        self._fds = Fds()
        self._types = ObjectTypes(self._fds, obj.btf)
        self._tracefs = Tracefs(self._fds)
        self._maps: list[KernelMap] = []
        self._programs: list[KernelProgram] = []
        self._links: list[KernelLink | StructLink] = []
        self._structs: Structs | None = None
        self._buffers: dict[int, KernelPerf] = {}
        self._waiters: list[KernelWaiter] = []
        self._forms: list[bytes] = []
        self._closed = False

    @property
    def btf(self) -> Btf | None:
        """The types that layouts are taken from, read at the first question: those of the file of
        `Kernel(btf=…)`, or the kernel's own with its modules'; None if the kernel has none.

        Raises: OSError or ObjectError if the file is not there or has none.
        """
        if self._btf is None:
            self._btf = read_btf(self._btf_path) if self._btf_path else kernel_btf(VMLINUX)
        return self._btf

    @property
    def _own_btf(self) -> Btf | None:
        """The types whose ids the kernel knows: its own wherever it has them."""
        if self._btf_path is None:
            return self.btf
        if self._own is None:
            self._own = kernel_btf(VMLINUX) or self.btf
        return self._own

    def tracepoint(self, name: str) -> Sequence[TraceField]:
        """The context's layout of the tracepoint `category:event`."""
        return self._tracefs.fields(name)

    def kfunc(self, ref: KfuncRef) -> tuple[int, int]:
        """The id of a function of the kernel itself, and 0, as it is in no module.

        Raises: LoadError if the kernel has no such function, or one that takes something else.
        """
        if self._own_btf is None:
            raise LoadError(f"the kernel publishes no types (BTF) to find {ref.name!r} by")
        from kring.obj.kfuncs import find_kfunc

        return find_kfunc(ref, self._local, self._own_btf), 0

    def ksym(self, ref: KsymRef) -> tuple[Pseudo, int, int]:
        """What a lddw of the symbol's address holds: the id of one whose type is declared, the
        address itself of any other.

        Raises: LoadError if the kernel has none of the name, or one of another type.
        """
        from kring.obj.ksyms import find_address, find_ksym

        if not ref.type_id:
            address = find_address(ref, self._config.symbols())
            return Pseudo.VALUE, address & 0xFFFF_FFFF, address >> 32
        if self._own_btf is None:
            raise LoadError(f"the kernel publishes no types (BTF) to find {ref.name!r} by")
        return Pseudo.BTF_ID, find_ksym(ref, self._local, self._own_btf), 0

    @cached_property
    def _local(self) -> Btf | None:
        """The object's own types."""
        return Btf(self._obj.btf, where=self._obj.name) if self._obj.btf else None

    @cached_property
    def _config(self) -> KernelConfig:
        from kring.run.kernel.config import KernelConfig

        return KernelConfig()

    def parameters(self, kind: Kind, target: str) -> Sequence[Parameter] | None:
        """The parameters of the kernel function that programs on this hook are given; None if the
        kernel's types do not say.

        Raises: LoadError if they do, and there is no such hook.
        """
        from kring.run.kernel.functions import parameters

        return parameters(self._own_btf, kind, target)

    def sites(self, target: str) -> Sequence[Site]:
        """The places of the static probe `path:provider:name`.

        Raises: AttachError if the file has none.
        """
        from kring.run.kernel.notes import sites

        return sites(target)

    def create_map(self, spec: Map) -> KernelMap:
        self._check_open()
        if spec.settings and self._local:
            from kring.obj.settings import filled

            spec = filled(spec, self._local, self._config, self._config.where)
        if spec.type is MapType.STRUCT_OPS:
            live = self._struct_ops().create(self._fds, spec, self._types.fd())
        else:
            live = maps.create(self._fds, spec, self._types.fd)
        self._maps.append(live)
        return live

    def load(self, program: Program, code: bytes) -> KernelProgram:
        self._check_open()
        live = programs.load(
            self._fds, program, code, self._obj.license, self._types, self._attach, self._iterate,
            self._place,
        )  # fmt: skip
        self._programs.append(live)
        return live

    def pinned(self, path: str) -> KernelMap | KernelProgram | KernelLink:
        """What somebody pinned at a path.

        Raises: LoadError if there is nothing, NotPermitted.
        """
        from kring.run.kernel.opened import opened
        from kring.run.kernel.pin import get

        self._check_open()
        live = opened(get(self._fds, path), path, self._attach, self._iterate)
        match live:
            case KernelMap():
                self._maps.append(live)
            case KernelProgram():
                self._programs.append(live)
            case KernelLink():
                self._links.append(live)
        return live

    def types_of(self, live: KernelMap) -> bytes:
        """The BTF that a map was made with, empty if it has none or it may not be read."""
        from kring.run.kernel.info import btf_of, map_info

        return btf_of(self._fds, map_info(live.fd).btf_id)

    def _place(self, program: Program, kind: Kind, target: str) -> tuple[int, int]:
        """The attach type, and the id in the kernel's types of what the program is part of."""
        if kind.type == ProgType.STRUCT_OPS:
            return self._struct_ops().member(program)
        if not kind.typed:
            return kind.attach_type(target), 0
        from kring.run.kernel.functions import function_id

        return kind.attach_type(target), function_id(self._own_btf, kind, target)

    def _struct_ops(self) -> Structs:
        """The structs of functions of the object."""
        if self._structs is None:
            from kring.run.kernel.structs import Structs

            self._structs = Structs(self._obj, self._own_btf)
        return self._structs

    def attach_struct(self, live: LiveMap) -> StructLink:
        """Put the struct of functions that a map is in force.

        Raises: AttachError, NotPermitted.
        """
        self._check_open()
        programs = {program.spec.name: program.fd for program in self._programs}
        link = self._struct_ops().link(live, programs)
        self._links.append(link)
        return link

    def _attach(self, program: KernelProgram, hook: Hook) -> KernelLink:
        self._check_open()
        link = KernelLink()
        self._links.append(link)
        attach(program, self._around(), link, hook)
        return link

    def _iterate(self, program: KernelProgram, hook: Hook) -> bytes:
        from kring.run.kernel.iterate import read

        self._check_open()
        fds = {live.spec.name: live.fd for live in self._maps}
        return read(program.fd, program.spec.name, program.kind, hook, fds)

    def _around(self) -> Surroundings:
        return Surroundings(self._tracefs, {m.spec.name: m for m in self._maps}, self._forms)

    def perf(self, stream: LiveMap, options: PerfOptions) -> KernelPerf:
        """The stream's buffers, which belong to the runtime."""
        from kring.run.kernel.perf import KernelPerf

        self._check_open()
        opened = KernelPerf(stream, options)
        self._buffers[stream.fd] = opened
        opened.open(self._fds)
        return opened

    def waiter(self, streams: Sequence[LiveMap]) -> KernelWaiter:
        self._check_open()
        waiter = self._waiter([stream.fd for stream in streams])
        # A session that polls makes one for each poll and closes it.
        self._waiters = [other for other in self._waiters if not other.closed]
        self._waiters.append(waiter)
        waiter.open()
        return waiter

    def _waiter(self, streams: Sequence[int]) -> KernelWaiter:
        """For rings their own descriptors, for perf buffers those of all CPUs."""
        buffers = [self._buffers.get(fd) for fd in streams]
        groups = [each.fds if each else (fd,) for fd, each in zip(streams, buffers, strict=True)]
        fds = [fd for group in groups for fd in group]
        look_s = min((each.look_s for each in buffers if each and each.look_s), default=0)
        alone = buffers[0] if len(buffers) == 1 else None
        return KernelWaiter(fds, alone.fileno if alone else None, look_s)

    def _check_open(self) -> None:
        if self._closed:
            raise LoadError(f"object {self._obj.name!r} is closed: its maps and programs are gone")

    def close(self) -> None:
        """End all waits, detach all programs and give everything back; again does nothing."""
        self._closed = True
        for waiter in self._waiters:
            waiter.close()
        for link in reversed(self._links):
            link.close()
        for buffers in self._buffers.values():
            buffers.forget()
        for live in self._maps:
            live.forget()
        for program in self._programs:
            program.forget()
        # Their file is mapped, and so stays open as long as anyone has them.
        self._btf = self._own = self._structs = None
        self._fds.close()
