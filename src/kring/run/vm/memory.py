"""The memory a program in the VM can reach: regions at 64-bit addresses, with gaps between them.

In:  bytes to map, each region with a name, a space and permissions.
Out: `Memory`, whose every access is checked: it lies wholly inside one region that allows it.
Rule: no address is used twice while a program runs, so a stale pointer faults rather than meet
something new.

A window is 64 KiB of addresses and belongs to one region at most. A region starts one page into
its first window, so running off either end meets unmapped addresses:

    ┌──────┬─────────────┬─────────┬──────┬──────────┬───────────────┐
    │ gap  │  region A   │   gap   │ gap  │ region B │      gap      │
    └──────┴─────────────┴─────────┴──────┴──────────┴───────────────┘
    ^ window n                     ^ window n + 1
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final, Literal

from kring.errors import VmError
from kring.record import record

MASK64: Final = 0xFFFF_FFFF_FFFF_FFFF
_WINDOW_BITS: Final = 16
_WINDOW: Final = 1 << _WINDOW_BITS
_START: Final = 0x1000
_NULL_PAGE: Final = 0x1000
_NUMBER: Final = {1: Struct("<B"), 2: Struct("<H"), 4: Struct("<I"), 8: Struct("<Q")}

Space = Literal["plain", "typed", "packet", "user"]
"""Where a region lies: `plain` for what the kernel checks itself, `typed` for kernel objects behind
BTF-typed pointers, `packet` below 4 GiB because contexts hold packet pointers in 32 bits, and
`user` for the task's own memory, which only the probe helpers reach."""
_BASES: Final[dict[Space, int]] = {
    "plain": 0xFFFF_8880_0000_0000,
    "typed": 0xFFFF_A000_0000_0000,
    "packet": 0x1000_0000,
    "user": 0x7F00_0000_0000,
}
_TYPED: Final = range(0xFFFF_A000_0000_0000, 0xFFFF_B000_0000_0000)


@record(eq=False)
class Region:
    """A stretch of memory at `base`; `data` is the live bytes, shared with whoever mapped them."""

    base: int
    size: int
    data: bytearray | memoryview
    name: str
    writable: bool
    space: Space

    @property
    def end(self) -> int:
        return self.base + self.size


class Memory:
    """An address space.

    While `typed_pointers` is set, a load from NULL or from a bad address among the kernel's
    objects reads 0, as the kernel makes of a load through a BTF-typed pointer that faults.
    See: arch/x86/net/bpf_jit_comp.c, ex_handler_bpf.
    """

    def __init__(self) -> None:
        self.typed_pointers = False
        self._windows: dict[int, Region] = {}
        self._user: dict[int, Region] = {}
        self._next = dict(_BASES)
        self._retired: list[Region] = []
        # `load` and `store` by size, for those who know it beforehand and do it often.
        self.loads = {size: self._load(size) for size in _NUMBER}
        self.stores = {size: self._store(size) for size in _NUMBER}

    def map(
        self,
        data: bytearray | memoryview,
        name: str,
        *,
        writable: bool = True,
        space: Space = "plain",
    ) -> Region:
        """A new region over `data`."""
        first = self._next[space]
        region = Region(first + _START, len(data), data, name, writable, space)
        self._next[space] = (region.end & -_WINDOW) + _WINDOW
        windows = self._user if space == "user" else self._windows
        for window in range(first, self._next[space], _WINDOW):
            windows[window >> _WINDOW_BITS] = region
        return region

    def unmap(self, region: Region) -> None:
        """Make every later access to the region a fault."""
        windows = self._user if region.space == "user" else self._windows
        for window in range(region.base & -_WINDOW, region.end + 1, _WINDOW):
            windows.pop(window >> _WINDOW_BITS, None)
        if region.space == "packet":
            # A run has one packet, and below 4 GiB there is no room for millions of runs.
            self._next["packet"] = _BASES["packet"]

    def retire(self, region: Region) -> None:
        """Unmap the region when the running program has ended.

        A map element that a program deletes stays readable to it until then.
        """
        self._retired.append(region)

    def reap(self) -> None:
        """Unmap what was retired."""
        for region in self._retired:
            self.unmap(region)
        self._retired.clear()

    def load(self, address: int, size: int) -> int:
        """The unsigned little-endian number of 1, 2, 4 or 8 bytes at an address.

        Raises: VmError for memory that is not there.
        """
        return self.loads[size](address)

    def store(self, address: int, size: int, value: int) -> None:
        """Write the low 1, 2, 4 or 8 bytes of a number.

        Raises: VmError for memory that is not there or is read-only.
        """
        self.stores[size](address, value)

    def _load(self, size: int) -> Callable[[int], int]:
        region_of, unpack = self._windows.get, _NUMBER[size].unpack_from

        def load(address: int) -> int:
            region = region_of(address >> _WINDOW_BITS)
            if region is not None:
                at = address - region.base
                if 0 <= at <= region.size - size:
                    number: int = unpack(region.data, at)[0]
                    return number
            if self.typed_pointers and (address < _NULL_PAGE or address in _TYPED):
                return 0
            raise self._fault("read", address, size)

        return load

    def _store(self, size: int) -> Callable[[int, int], None]:
        region_of, pack, mask = self._windows.get, _NUMBER[size].pack_into, (1 << 8 * size) - 1

        def store(address: int, value: int) -> None:
            region = region_of(address >> _WINDOW_BITS)
            if region is not None and region.writable:
                at = address - region.base
                if 0 <= at <= region.size - size:
                    pack(region.data, at, value & mask)
                    return
            raise self._fault("write", address, size)

        return store

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address.

        Raises: VmError for memory that is not there.
        """
        region = self._windows.get(address >> _WINDOW_BITS)
        if region is None or not 0 <= address - region.base <= region.size - size:
            raise self._fault("read", address, size)
        at = address - region.base
        return bytes(region.data[at : at + size])

    def write(self, address: int, data: bytes) -> None:
        """Put bytes at an address.

        Raises: VmError for memory that is not there or is read-only.
        """
        region = self._windows.get(address >> _WINDOW_BITS)
        at = 0 if region is None else address - region.base
        if region is None or not region.writable or not 0 <= at <= region.size - len(data):
            raise self._fault("write", address, len(data))
        region.data[at : at + len(data)] = data

    def probe(self, address: int, size: int, *, user: bool) -> bytes:
        """The bytes at an address up to `size`; fewer, maybe none, where memory ends earlier."""
        region = (self._user if user else self._windows).get(address >> _WINDOW_BITS)
        if region is None or address < region.base:
            return b""
        at = address - region.base
        return bytes(region.data[at : at + size])

    def _fault(self, verb: str, address: int, size: int) -> VmError:
        what = f"{verb} of {size} bytes at {address:#x}"
        region = self._windows.get(address >> _WINDOW_BITS)
        if address < _NULL_PAGE:
            why = "NULL was not checked for"
        elif address >> _WINDOW_BITS in self._user:
            why = "that is the task's own memory, to be read with a probe helper"
        elif region is None:
            why = "nothing is mapped there"
        elif 0 <= address - region.base <= region.size - size:
            why = f"{region.name} is read-only"
        else:
            why = f"{region.name} has {region.size} bytes, this is at {address - region.base:+d}"
        return VmError(f"{what}: {why}", address=address)
