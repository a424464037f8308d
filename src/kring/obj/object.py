"""The frozen description of BPF programs and their maps; it names no kernel.

Code is the encoded bytes of one flat instruction stream per program: subprograms follow their
caller and local calls are resolved already. Every position counts 8-byte slots from the start of
the program. What depends on the running system stays beside the code as a reference to patch.
"""

from __future__ import annotations

from typing import TypeVar

from kring.abi.uapi import MapType
from kring.btf.ext import CoreReloc, LineInfo
from kring.errors import ObjectError
from kring.record import record, replace


@record
class MapRef:
    """A `lddw` at `slot` that names a map, or the address `offset` bytes into its first value."""

    slot: int
    map: str
    offset: int | None = None


@record
class KfuncRef:
    """A `call_kfunc` at `slot` of the kernel function `name`; `type_id` is its BTF_KIND_FUNC in
    the object's BTF, whose prototype is what the program was compiled for."""

    slot: int
    name: str
    type_id: int


@record
class Function:
    """A function that begins at `slot`; `type_id` is its BTF_KIND_FUNC, 0 without BTF."""

    slot: int
    name: str
    type_id: int = 0


@record
class Program:
    """One entry point with all code it reaches; `section` says kind and hook as libbpf spells it.

    `core` holds kernel-dependent fields: CO-RE records whose type ids are of the object's BTF.
    Those against a struct `trace_event_raw_NAME` that the target's BTF lacks are resolved from
    the format of the section's tracepoint.
    """

    name: str
    section: str
    code: bytes
    maps: tuple[MapRef, ...] = ()
    core: tuple[CoreReloc, ...] = ()
    functions: tuple[Function, ...] = ()
    lines: tuple[LineInfo, ...] = ()
    kfuncs: tuple[KfuncRef, ...] = ()

    @property
    def slots(self) -> int:
        return len(self.code) // 8


@record
class Map:
    """A map to create. `key_type`, `value_type` and `record` are ids in the object's BTF, 0 if
    unknown; `record` is the type of a stream's records, `drops` its index in the map of loss
    counters, `data` the first value of a map that holds globals."""

    name: str
    type: MapType
    key_size: int = 0
    value_size: int = 0
    max_entries: int = 0
    flags: int = 0
    key_type: int = 0
    value_type: int = 0
    record: int = 0
    drops: int | None = None
    data: bytes | None = None


@record
class Object:
    """Programs, their maps and their types. `btf` is raw BTF that the kernel accepts as it is."""

    name: str
    programs: tuple[Program, ...]
    maps: tuple[Map, ...] = ()
    btf: bytes = b""
    license: str = "GPL"

    def program(self, name: str) -> Program:
        return _named("program", name, self.programs)

    def map(self, name: str) -> Map:
        return _named("map", name, self.maps)

    def replace(self, *, sizes: dict[str, int]) -> Object:
        """A new Object whose maps named in `sizes` have that many entries (bytes for rings)."""
        for name in sizes:
            self.map(name)
        maps = tuple(
            replace(m, max_entries=sizes[m.name]) if m.name in sizes else m for m in self.maps
        )
        return replace(self, maps=maps)

    def write(self, path: str) -> None:
        """Write the object as an ELF that libbpf, bpftool and kring load alike."""
        from kring.obj.elf_write import to_elf

        data = to_elf(self)
        with open(path, "wb") as file:
            file.write(data)


_T = TypeVar("_T", Program, Map)


def _named(what: str, name: str, among: tuple[_T, ...]) -> _T:
    for item in among:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in among) or "none"
    raise ObjectError(f"no {what} named {name!r}; the object has: {names}")
