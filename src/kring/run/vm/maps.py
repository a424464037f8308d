"""Maps of the VM: elements that programs reach by address and the user half as bytes.

In:  a `Map` and the memory to put its values in.
Out: `create(spec, fd, memory, cpus)`, a `VmMap`: one kind of `LiveMap` per map type.
Rule: every value is a region of its own, so running past it faults. Results are 0 or a negative
errno, as the kernel's map operations give them; the user half sees them as the protocol says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC
from typing import TYPE_CHECKING, Final

from kring.abi.uapi import (
    BPF_ANY,
    BPF_EXIST,
    BPF_F_RDONLY_PROG,
    BPF_NOEXIST,
    PER_CPU,
    MapType,
)
from kring.errors import LoadError, NotSupported, StreamError
from kring.obj.object import Map
from kring.run.spec import check_length, stride
from kring.run.target import RingMemory
from kring.run.vm.memory import Memory, Region

if TYPE_CHECKING:
    from kring.run.info import MapInfo

_SAID_NO: Final = (-E2BIG, -EEXIST, -ENOENT, -ENOSPC)


class VmMap:
    """What all maps share; a map type says how elements are found, stored and deleted.

    `cpu` is the CPU whose values a program sees.
    """

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        self.spec = spec
        self.fd = fd
        self.memory = memory
        self.cpus = cpus if spec.type in PER_CPU else 1
        self.gone = False

    def among(self, others: Mapping[int, VmMap]) -> None:
        """Know the other maps, by their descriptors: only one that holds maps cares."""

    def find(self, key: bytes) -> list[Region] | None:
        """The key's values, one per CPU, or None."""
        raise self._refuses("lookup")

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        """Set the key's value on each CPU that one is given for."""
        raise self._refuses("update")

    def remove(self, key: bytes) -> int:
        """Delete the key."""
        raise self._refuses("delete")

    def keys(self) -> Iterator[bytes]:
        raise self._refuses("iteration")

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        for key in self.keys():
            value = self.lookup(key)
            if value is not None:
                yield key, value

    def drain(self) -> list[tuple[bytes, bytes]]:
        taken = ((key, self.take(key)) for key in self.keys())
        return [(key, value) for key, value in taken if value is not None]

    def store_all(self, entries: Sequence[tuple[bytes, bytes]]) -> int:
        for done, (key, value) in enumerate(entries):
            if not self.update(key, value):
                return done
        return len(entries)

    def delete_all(self, keys: Sequence[bytes]) -> int:
        return sum(self.delete(key) for key in keys)

    def take(self, key: bytes = b"") -> bytes | None:
        if not key:
            raise self._refuses("first value")
        value = self.lookup(key)
        return value if self.delete(key) else None

    def may_hold(self, value: bytes) -> bool:
        raise self._refuses("test of a value")

    def ring(self) -> RingMemory:
        raise StreamError(f"map {self.spec.name!r} is no ring buffer: {self.spec.type.name}")

    def value(self) -> memoryview:
        values = self.find(bytes(self.spec.key_size))
        if values is None:
            raise LoadError(f"map {self.spec.name!r} has no only value")
        memory = memoryview(values[0].data)
        return memory.toreadonly() if self.spec.flags & BPF_F_RDONLY_PROG else memory

    def close(self) -> None:
        """Give back what is not just memory."""

    def info(self) -> MapInfo:
        """What the VM knows of the map."""
        from kring.run.info import MapInfo

        spec = self.spec
        return MapInfo(
            self.fd, spec.name, spec.type, spec.key_size, spec.value_size, spec.max_entries,
            spec.flags,
        )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """None: nothing has a name here."""
        return ()

    def pin(self, path: str) -> None:
        """Raises: NotSupported."""
        raise no_names(f"map {self.spec.name!r}")

    def unpin(self, path: str) -> None:
        """Nothing has a name here."""

    def lookup(self, key: bytes) -> bytes | None:
        self._check_live()
        check_length(self.spec, "key", key, self.spec.key_size)
        values = self.find(key)
        if values is None:
            return None
        step = stride(self.spec)
        return b"".join(bytes(value.data).ljust(step, b"\0") for value in values)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> bool:
        self._check_live()
        check_length(self.spec, "key", key, self.spec.key_size)
        step, size = stride(self.spec), self.spec.value_size
        check_length(self.spec, "value", value, step * self.cpus)
        parts = range(0, len(value), step) if value else range(1)
        return self._said(self.store(key, [value[at : at + size] for at in parts], flags))

    def delete(self, key: bytes) -> bool:
        self._check_live()
        check_length(self.spec, "key", key, self.spec.key_size)
        return self._said(self.remove(key))

    def _check_live(self) -> None:
        if self.gone:
            raise LoadError(f'map "{self.spec.name}" is gone: its session has ended')

    def _said(self, result: int) -> bool:
        if result not in (0, *_SAID_NO):
            raise LoadError(
                f"map {self.spec.name!r} ({self.spec.type.name}) refused the operation", -result
            )
        return result == 0

    def _refuses(self, what: str) -> LoadError:
        return LoadError(
            f"map {self.spec.name!r}: a {self.spec.type.name} map has no {what}", EINVAL
        )

    def new_value(self, cpu: int) -> Region:
        """Zeroed memory for one value."""
        of = f" (CPU {cpu})" if self.spec.type in PER_CPU else ""
        return self.memory.map(
            bytearray(self.spec.value_size),
            f"a value of map {self.spec.name!r}{of}",
            writable=not self.spec.flags & BPF_F_RDONLY_PROG,
        )


class ArrayMap(VmMap):
    """ARRAY and PERCPU_ARRAY: every index exists; its value is made when first touched."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._values: dict[int, list[Region]] = {}

    def find(self, key: bytes) -> list[Region] | None:
        index = int.from_bytes(key, "little")
        if index >= self.spec.max_entries:
            return None
        if index not in self._values:
            self._values[index] = [self.new_value(cpu) for cpu in range(self.cpus)]
        return self._values[index]

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        """See: kernel/bpf/arraymap.c, array_map_update_elem."""
        if flags > BPF_EXIST:
            return -EINVAL
        regions = self.find(key)
        if regions is None:
            return -E2BIG
        if flags == BPF_NOEXIST:
            return -EEXIST
        fill(regions, values)
        return 0

    def remove(self, key: bytes) -> int:
        return -EINVAL

    def keys(self) -> Iterator[bytes]:
        for index in range(self.spec.max_entries):
            yield index.to_bytes(4, "little")


class HashMap(VmMap):
    """HASH and PERCPU_HASH, and with `evicts` LRU_HASH, which makes room instead of being full."""

    evicts = False

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        # In order of use for the evicting kind, of insertion otherwise.
        self._values: dict[bytes, list[Region]] = {}

    def find(self, key: bytes) -> list[Region] | None:
        values = self._values.get(key)
        if values is not None and self.evicts:
            self._values[key] = self._values.pop(key)
        return values

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        """See: kernel/bpf/hashtab.c, htab_map_update_elem: a plain value is replaced by a new
        one, which pointers to the old do not see; a per-CPU value is written in place."""
        if flags > BPF_EXIST:
            return -EINVAL
        old = self._values.get(key)
        if flags == BPF_NOEXIST and old is not None:
            return -EEXIST
        if flags == BPF_EXIST and old is None:
            return -ENOENT
        if old is not None and self.spec.type in PER_CPU:
            fill(old, values)
            return 0
        if old is None and len(self._values) >= self.spec.max_entries:
            if not self.evicts:
                return -E2BIG
            self.remove(next(iter(self._values)))
        new = [self.new_value(cpu) for cpu in range(self.cpus)]
        fill(new, values)
        if old is not None:
            self.remove(key)
        self._values[key] = new
        return 0

    def remove(self, key: bytes) -> int:
        values = self._values.pop(key, None)
        for value in values or ():
            self.memory.retire(value)
        return -ENOENT if values is None else 0

    def keys(self) -> Iterator[bytes]:
        yield from list(self._values)


class LruHashMap(HashMap):
    """LRU_HASH and LRU_PERCPU_HASH: exactly the least recently used key goes; the kernel's choice
    is only close to that."""

    evicts = True


def no_names(what: str) -> NotSupported:
    """The error for what cannot be kept."""
    return NotSupported(f"{what} is in the VM, and cannot be pinned: nothing outlives the VM")


def fill(regions: list[Region], values: list[bytes | None]) -> None:
    """Write the values that are given into their regions."""
    for region, value in zip(regions, values, strict=True):
        if value is not None:
            region.data[:] = value


# The rarer kinds stand in modules of their own, which build on this one.


def _trie(spec: Map, fd: int, memory: Memory, cpus: int) -> VmMap:
    from kring.run.vm.trie import TrieMap

    return TrieMap(spec, fd, memory, cpus)


def _ring(spec: Map, fd: int, memory: Memory, cpus: int) -> VmMap:
    from kring.run.vm.ring import RingMap

    return RingMap(spec, fd, memory, cpus)


def _perf(spec: Map, fd: int, memory: Memory, cpus: int) -> VmMap:
    from kring.run.vm.perf import PerfMap

    return PerfMap(spec, fd, memory, cpus)


def _container(name: str) -> Callable[[Map, int, Memory, int], VmMap]:
    def make(spec: Map, fd: int, memory: Memory, cpus: int) -> VmMap:
        from kring.run.vm import containers

        made: VmMap = getattr(containers, name)(spec, fd, memory, cpus)
        return made

    return make


_KINDS: dict[MapType, Callable[[Map, int, Memory, int], VmMap]] = {
    MapType.ARRAY: ArrayMap,
    MapType.PERCPU_ARRAY: ArrayMap,
    MapType.HASH: HashMap,
    MapType.PERCPU_HASH: HashMap,
    MapType.LRU_HASH: LruHashMap,
    MapType.LRU_PERCPU_HASH: LruHashMap,
    MapType.PERF_EVENT_ARRAY: _perf,
    MapType.LPM_TRIE: _trie,
    MapType.RINGBUF: _ring,
    MapType.QUEUE: _container("QueueMap"),
    MapType.STACK: _container("StackMap"),
    MapType.BLOOM_FILTER: _container("BloomMap"),
    MapType.STACK_TRACE: _container("TraceMap"),
    MapType.PROG_ARRAY: _container("JumpMap"),
    MapType.ARRAY_OF_MAPS: _container("OuterMap"),
    MapType.HASH_OF_MAPS: _container("OuterHashMap"),
}


def create(spec: Map, fd: int, memory: Memory, cpus: int) -> VmMap:
    """The map, holding its initial data.

    Raises: NotSupported for a map type the VM does not have, LoadError for wrong sizes.
    """
    kind = _KINDS.get(spec.type)
    if kind is None:
        raise NotSupported(f"map {spec.name!r}: the VM has no {spec.type.name} maps")
    live = kind(spec, fd, memory, cpus)
    if spec.data is not None:
        live.store(bytes(spec.key_size), [spec.data], BPF_ANY)
    return live
