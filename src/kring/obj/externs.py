"""What an object leaves to the running system to define: settings and symbols of the kernel.

    .kconfig   extern int CONFIG_HZ __kconfig               a value, filled in at load
    .ksyms     extern const struct rq runqueues __ksym      a variable of a known type
               extern const void _stext __ksym              an address and no more
               extern void bpf_rcu_read_lock(void) __ksym   a function to call

In: an ELF and its types. Out: `Externs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kring.abi.uapi import BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, MapType
from kring.btf.blob import Btf
from kring.btf.types import Array, Enum, Func, Int, Kind, Var
from kring.errors import ObjectError
from kring.obj.elf import UNDEFINED, WEAK, Elf
from kring.obj.object import Map, Setting
from kring.record import field, record

KSYMS: Final = ".ksyms"
"""The section whose variables and functions are the kernel's."""
_MOST: Final = 1 << 20
KCONFIG: Final = ".kconfig"
"""The section, and the map, of the running kernel's settings."""


@record
class Extern:
    """A symbol of the kernel; `type_id` is its function's, or its variable's type, 0 for none."""

    name: str
    type_id: int
    function: bool
    weak: bool


@record
class Externs:
    """By name; `settings` lie in a value of `size` bytes."""

    symbols: dict[str, Extern] = field(default_factory=dict[str, Extern])
    settings: dict[str, Setting] = field(default_factory=dict[str, Setting])
    size: int = 0

    def map(self, btf: Btf) -> Iterator[Map]:
        """The map of the settings, if there are any."""
        if self.settings:
            flags = BPF_F_MMAPABLE | BPF_F_RDONLY_PROG
            section = btf.find(KCONFIG, Kind.DATASEC) or 0
            yield Map(
                KCONFIG, MapType.ARRAY, 4, self.size, 1, flags, value_type=section,
                data=bytes(self.size), settings=tuple(self.settings.values()),
            )  # fmt: skip


def find_externs(elf: Elf, btf: Btf) -> Externs:
    """What the types list in .ksyms and .kconfig.

    Raises: ObjectError for a setting of a type that none has.
    """
    weak = {s.name for s in elf.symbols if s.section == UNDEFINED and s.binding == WEAK}
    symbols: dict[str, Extern] = {}
    for id in _listed(btf, KSYMS):
        name, function = btf.name(id), isinstance(btf[id], Func)
        symbols[name] = Extern(name, _symbol_type(btf, id), function, name in weak)
    settings, size = _laid_out(btf, weak)
    return Externs(symbols, settings, size)


def _listed(btf: Btf, section: str) -> list[int]:
    found = btf.section(section)
    return [id for id, _, _ in found.vars] if found else []


def _symbol_type(btf: Btf, id: int) -> int:
    """A function's own id, and the type of a variable."""
    type = btf[id]
    if not isinstance(type, Var):
        return id
    return type.type if btf.strip(type.type) else 0


def _laid_out(btf: Btf, weak: set[str]) -> tuple[dict[str, Setting], int]:
    """The settings with their places, and the size of all.

    They come in the order of libbpf: the widest alignment first, then the smallest, then by name.
    See: tools/lib/bpf/libbpf.c, cmp_externs.
    """
    rows: list[tuple[int, int, str, int]] = []
    for id in _listed(btf, KCONFIG):
        variable = btf[id]
        if isinstance(variable, Var):
            align = _alignment(btf, variable)
            rows.append((-align, btf.size(variable.type), variable.name, variable.type))
    settings: dict[str, Setting] = {}
    end = 0
    for negative, size, name, type in sorted(rows):
        begin = -(-end // -negative) * -negative
        settings[name] = Setting(name, begin, type, name in weak)
        end = begin + size
        if end > _MOST:
            raise ObjectError(f"the settings of {KCONFIG} take {end} bytes, which is too much")
    return settings, end


def _alignment(btf: Btf, variable: Var) -> int:
    type = btf[btf.strip(variable.type)]
    if isinstance(type, Array):
        type = btf[btf.strip(type.type)]
        if isinstance(type, Int) and type.size == 1:
            return 1
    elif isinstance(type, Int | Enum) and 0 < type.size <= 8:
        return type.size
    raise ObjectError(
        f"extern {variable.name!r} of {KCONFIG} is no integer, bool, char, enum libbpf_tristate or "
        "array of characters, which settings are"
    )
