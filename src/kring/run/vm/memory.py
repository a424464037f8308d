"""The memory a program in the VM can reach: regions at 64-bit addresses, with gaps between them.

In:  bytes to map, each region with a name and permissions.
Out: `Memory`, whose every access is checked: it lies wholly inside one region that allows it.
Rule: an address is never reused while a program runs, so a stale pointer faults or reads what the
kernel would still have there.

A window is 16 MiB of addresses and belongs to one region at most. A region starts one page into
its first window, so running off either end meets unmapped addresses:

    ┌──────┬─────────────┬─────────┬──────┬──────────┬───────────────┐
    │ gap  │  region A   │   gap   │ gap  │ region B │      gap      │
    └──────┴─────────────┴─────────┴──────┴──────────┴───────────────┘
    ^ window n                     ^ window n + 1
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from kring.errors import VmError

_WINDOW_BITS: Final = 24
_WINDOW: Final = 1 << _WINDOW_BITS
_START: Final = 0x1000
# Where the kernel's direct map lies with four-level page tables: maps, stacks, contexts.
_PLAIN_BASE: Final = 0xFFFF_8880_0000_0000
# Kernel objects, which programs reach through typed pointers whose loads cannot fault.
_TYPED_BASE: Final = 0xFFFF_A000_0000_0000
_TYPED_END: Final = 0xFFFF_B000_0000_0000
_NULL_PAGE: Final = 0x1000
MASK64: Final = 0xFFFF_FFFF_FFFF_FFFF
_NUMBER: Final = {1: Struct("<B"), 2: Struct("<H"), 4: Struct("<I"), 8: Struct("<Q")}
_MASK: Final = {size: (1 << 8 * size) - 1 for size in _NUMBER}


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A stretch of memory at `base`; `data` is the live bytes, shared with whoever mapped them."""

    base: int
    size: int
    data: bytearray | memoryview
    name: str
    writable: bool

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
        self._next = {False: _PLAIN_BASE, True: _TYPED_BASE}
        self._retired: list[Region] = []

    def map(
        self,
        data: bytearray | memoryview,
        name: str,
        *,
        writable: bool = True,
        typed: bool = False,
    ) -> Region:
        """A new region over `data`, among the kernel's objects if `typed`."""
        first = self._next[typed]
        region = Region(first + _START, len(data), data, name, writable)
        self._next[typed] = (region.end & -_WINDOW) + _WINDOW
        for window in range(first, self._next[typed], _WINDOW):
            self._windows[window >> _WINDOW_BITS] = region
        return region

    def unmap(self, region: Region) -> None:
        """Make every later access to the region a fault."""
        for window in range(region.base & -_WINDOW, region.end + 1, _WINDOW):
            self._windows.pop(window >> _WINDOW_BITS, None)

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

    def find(self, address: int) -> Region | None:
        """The region that has this address inside or at its end."""
        region = self._windows.get(address >> _WINDOW_BITS)
        return region if region and region.base <= address <= region.end else None

    def load(self, address: int, size: int) -> int:
        """The unsigned little-endian number of 1, 2, 4 or 8 bytes at an address.

        Raises: VmError for memory that is not there.
        """
        region = self._windows.get(address >> _WINDOW_BITS)
        if region is not None:
            at = address - region.base
            if 0 <= at <= region.size - size:
                return _NUMBER[size].unpack_from(region.data, at)[0]
        if self.typed_pointers and (address < _NULL_PAGE or _TYPED_BASE <= address < _TYPED_END):
            return 0
        raise self._fault("read", address, size)

    def store(self, address: int, size: int, value: int) -> None:
        """Write the low 1, 2, 4 or 8 bytes of a number.

        Raises: VmError for memory that is not there or is read-only.
        """
        region = self._windows.get(address >> _WINDOW_BITS)
        if region is not None and region.writable:
            at = address - region.base
            if 0 <= at <= region.size - size:
                _NUMBER[size].pack_into(region.data, at, value & _MASK[size])
                return
        raise self._fault("write", address, size)

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address.

        Raises: VmError for memory that is not there.
        """
        region = self.find(address)
        if region is None or address + size > region.end:
            raise self._fault("read", address, size)
        at = address - region.base
        return bytes(region.data[at : at + size])

    def write(self, address: int, data: bytes) -> None:
        """Put bytes at an address.

        Raises: VmError for memory that is not there or is read-only.
        """
        region = self.find(address)
        if region is None or not region.writable or address + len(data) > region.end:
            raise self._fault("write", address, len(data))
        at = address - region.base
        region.data[at : at + len(data)] = data

    def _fault(self, verb: str, address: int, size: int) -> VmError:
        what = f"{verb} of {size} bytes at {address:#x}"
        region = self._windows.get(address >> _WINDOW_BITS)
        if address < _NULL_PAGE:
            return VmError(f"{what}: NULL was not checked for", address=address)
        if region is None:
            return VmError(f"{what}: nothing is mapped there", address=address)
        at = address - region.base
        if 0 <= at <= region.size - size:
            return VmError(f"{what}: {region.name} is read-only", address=address)
        return VmError(
            f"{what}: {region.name} has {region.size} bytes, this is at {at:+d}", address=address
        )
