"""The frozen description of BPF programs and their maps; it names no kernel.

Code is the encoded bytes of one flat instruction stream per program: subprograms follow their
caller and local calls are resolved already. Every position counts 8-byte slots from the start of
the program. What depends on the running system stays beside the code as a reference to patch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kring.abi.uapi import MapType
from kring.btf.ext import CoreReloc, LineInfo
from kring.errors import ObjectError
from kring.record import record

if TYPE_CHECKING:
    from kring.decl.struct import Struct
    from kring.obj.globals import Variable

OPTIONAL: Final = "?"
"""What in ELF the names of sections begin with that are not loaded unless asked for."""


@record
class MapRef:
    """A `lddw` at `slot` that names a map, or the address `offset` bytes into its first value."""

    slot: int
    map: str
    offset: int | None = None


@record
class KfuncRef:
    """A `call_kfunc` at `slot` of the kernel function `name`; `type_id` is its BTF_KIND_FUNC in
    the object's BTF, whose prototype is what the program was compiled for. One that is `weak` may
    be missing from the kernel, if the call is never reached there."""

    slot: int
    name: str
    type_id: int
    weak: bool = False


@record
class KsymRef:
    """A `lddw` at `slot` of the address of the kernel's variable or function `name`.

    `type_id` is what the object's BTF declares it as, 0 for one that is an address and no more. One
    that is `weak` may be missing from the kernel; its address is then 0.
    """

    slot: int
    name: str
    type_id: int = 0
    weak: bool = False


@record
class Setting:
    """A fact of the running kernel, `CONFIG_HZ` or `LINUX_KERNEL_VERSION`, at byte `offset` of a
    map's value. `type_id` is its type in the object's BTF; one that is `weak` is 0 where nothing is
    known of it. One that is `given` has its value already, whatever the kernel's is."""

    name: str
    offset: int
    type_id: int
    weak: bool = False
    given: bool = False


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
    the format of the section's tracepoint. One without `autoload` is not loaded (in ELF, its
    section's name begins with `?`).
    """

    name: str
    section: str
    code: bytes
    maps: tuple[MapRef, ...] = ()
    core: tuple[CoreReloc, ...] = ()
    functions: tuple[Function, ...] = ()
    lines: tuple[LineInfo, ...] = ()
    kfuncs: tuple[KfuncRef, ...] = ()
    ksyms: tuple[KsymRef, ...] = ()
    autoload: bool = True

    @property
    def slots(self) -> int:
        return len(self.code) // 8


@record
class Map:
    """A map to create. `key_type`, `value_type` and `record` are ids in the object's BTF, 0 if
    unknown; `record` is the type of a stream's records, `drops` its index in the map of loss
    counters, `data` the first value of a map that holds globals.

    `inner` describes the maps that a map of maps holds; `values` names the maps, or for PROG_ARRAY
    the programs, that it holds at first, by their keys. One that is `pinned` is the map at its name
    in the BPF file system, made there by whoever comes first. `settings` are what the running
    kernel is to fill in. One without `autocreate` is not made, and programs do without it.
    """

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
    inner: Map | None = None
    values: tuple[tuple[int, str], ...] = ()
    numa_node: int = 0
    map_extra: int = 0
    pinned: bool = False
    settings: tuple[Setting, ...] = ()
    autocreate: bool = True


@record
class Object:
    """Programs, their maps and their types. `btf` is raw BTF that the kernel accepts as it is,
    `version` what a section of that name says, which kernels before 5.0 wanted of kprobes."""

    name: str
    programs: tuple[Program, ...]
    maps: tuple[Map, ...] = ()
    btf: bytes = b""
    license: str = "GPL"
    version: int = 0

    def program(self, name: str) -> Program:
        return named("program", name, self.programs)

    def map(self, name: str) -> Map:
        return named("map", name, self.maps)

    def __getitem__(self, name: str) -> Map | Program:
        """The map or program of that name, which is a key of the object's sessions:
        `s[obj["events"]]`. As Lisp spells it will do too.

        Raises: KeyError that names what was meant.
        """
        return self._keys()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._keys()

    def _keys(self) -> Mapping[str, Map | Program]:
        from kring.obj.named import Named

        known: dict[str, Map | Program] = {one.name: one for one in (*self.programs, *self.maps)}
        return Named("map or program", known, known.__getitem__)

    @property
    def structs(self) -> Mapping[str, type[Struct]]:
        """The structs that the object has types of, by their names in C, or as Lisp spells these;
        records and values of its maps are of these classes."""
        from kring.obj.types import structs

        return structs(self)

    def variables(self) -> dict[str, Variable]:
        """The global variables by name; those of one name as `section:name`."""
        from kring.obj.globals import variables

        return variables(self)

    def replace(
        self,
        *,
        sizes: Mapping[str, int] | None = None,
        rodata: Mapping[str, Any] | None = None,
        autoload: Mapping[str, bool] | None = None,
        attach: Mapping[str, str] | None = None,
        autocreate: Mapping[str, bool] | None = None,
    ) -> Object:
        """A new Object with some of its settings changed; each is a dict by name.

        `sizes` gives maps another number of entries (bytes for rings), `rodata` any global variable
        (`name`, or `section:name`) another first value, typed by the object's BTF, and a setting
        such as CONFIG_HZ a value in place of the running kernel's; `autoload` says
        whether to load a program, `autocreate` whether to create a map. `attach` gives a program
        another section, `tracepoint/sched/sched_switch`, or with its kind kept another target,
        `sched:sched_switch` or `sched/sched_switch`: what begins with the name of a kind is a
        section.

        Raises: ObjectError for a name that is not there, and for a value that does not fit.
        """
        from kring.obj.changes import changed

        return changed(
            self, sizes or {}, rodata or {}, autoload or {}, attach or {}, autocreate or {}
        )

    def write(self, path: str) -> None:
        """Write the object as an ELF that libbpf, bpftool and kring load alike."""
        from kring.obj.elf_write import to_elf

        data = to_elf(self)
        with open(path, "wb") as file:
            file.write(data)


_T = TypeVar("_T", Program, Map)


def named(what: str, name: str, among: tuple[_T, ...]) -> _T:
    """The program or map of that name.

    Raises: ObjectError that lists the names there are.
    """
    for item in among:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in among) or "none"
    raise ObjectError(f"no {what} named {name!r}; the object has: {names}")
