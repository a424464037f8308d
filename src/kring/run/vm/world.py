"""What a program in the VM sees around it: memory, maps, the task, clocks, and what it printed.

In:  the object's BTF and the settings of the `Vm`.
Out: `World`, which helpers act on; one per runtime.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from kring.abi.isa import Pseudo
from kring.btf.blob import Btf
from kring.errors import VmError
from kring.run.vm.layout import build
from kring.run.vm.maps import ArrayMap, VmMap
from kring.run.vm.memory import Memory, Region
from kring.run.vm.ring import RingMap
from kring.run.vm.task import Task, task_values

if TYPE_CHECKING:
    from kring.run.vm.machine import Machine

# A map's address, as helpers get it, is made of its id; nothing is mapped there, since programs
# cannot look inside a map.
_HANDLES: Final = 0xFFFF_C000_0000_0000
_HANDLE_BITS: Final = 12


def handle_of(map: int) -> int:
    """The address that stands for the map with this descriptor."""
    return _HANDLES + (map << _HANDLE_BITS)


class World:
    """State of one runtime. `cpu` is where programs run now, `printed` their trace lines."""

    def __init__(self, btf: Btf | None, task: Task, cpus: int, seed: int) -> None:
        self.memory = Memory()
        self.btf = btf
        self.cpus = cpus
        self.cpu = 0
        self.maps: dict[int, VmMap] = {}
        self.programs: dict[int, Machine] = {}
        self.tail_calls = 0
        self.printed: list[str] = []
        self.random = Random(seed)
        self._task = task
        self._task_region: Region | None = None

    @property
    def task(self) -> Task:
        return self._task

    @task.setter
    def task(self, task: Task) -> None:
        self._task = task
        self._task_region = None

    @property
    def task_address(self) -> int:
        """Where the current task_struct lies; asking lets programs follow its pointers."""
        self.memory.typed_pointers = True
        if self._task_region is None:
            values = task_values(self._task)
            self._task_region = build(self.memory, self.btf, "task_struct", values)
        return self._task_region.base

    def map_at(self, address: int) -> VmMap:
        """The map a program names by this address.

        Raises: VmError for anything but a map.
        """
        found = self.maps.get((address - _HANDLES) >> _HANDLE_BITS)
        if found is None or address & ((1 << _HANDLE_BITS) - 1):
            raise VmError(f"{address:#x} is no map", address=address)
        return found

    def ring_at(self, address: int) -> RingMap:
        """The ring buffer a program names by this address."""
        found = self.map_at(address)
        if not isinstance(found, RingMap):
            raise VmError(f"map {found.spec.name!r} is no ring buffer", address=address)
        return found

    def rings(self) -> list[RingMap]:
        return [each for each in self.maps.values() if isinstance(each, RingMap)]

    def resolve(self, kind: Pseudo, low: int, high: int) -> int:
        """What a `lddw` of this kind puts in its register.

        Raises: VmError for kinds and maps that the VM does not have.
        """
        if kind == Pseudo.BTF_ID:
            raise VmError(f"the VM runs in no kernel, whose type {low} would have an address")
        if kind not in (Pseudo.MAP_FD, Pseudo.MAP_VALUE):
            raise VmError(f"the VM has nothing that a {kind.name} immediate can name")
        found = self.maps.get(low)
        if found is None:
            raise VmError(f"there is no map with the descriptor {low}")
        if kind == Pseudo.MAP_FD:
            return handle_of(low)
        values = found.find(bytes(4)) if isinstance(found, ArrayMap) else None
        if values is None:
            raise VmError(f"map {found.spec.name!r} has no value at a fixed address")
        return values[0].base + high

    def abandon(self) -> list[tuple[RingMap, Region]]:
        """End what only lasts for one run; the records it left reserved, with their rings."""
        left = [(ring, region) for ring in self.rings() for region in ring.abandon()]
        self.memory.reap()
        self.memory.typed_pointers = False
        return left

    def settle(self) -> None:
        """As `abandon`, of a program that came to its end.

        Raises: VmError naming the ring whose reserved record was neither submitted nor discarded.
        """
        for ring, region in self.abandon():
            raise VmError(
                f"the program ended while it held a record of {region.size} bytes reserved from"
                f" ring {ring.spec.name!r}",
                address=region.base,
            )
