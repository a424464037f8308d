"""Maps in the kernel: made from their spec, read and written as bytes, rings as memory.

In: a `Map` spec. Out: a `KernelMap`. Lengths are checked here, since the kernel takes pointers
without sizes; a per-CPU value is one value per possible CPU, each padded to 8 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP, EPERM
from mmap import MAP_SHARED, PAGESIZE, PROT_READ, PROT_WRITE, mmap
from typing import TYPE_CHECKING

from kring.abi.uapi import BPF_F_RDONLY_PROG, NAME_SIZE, PER_CPU, MapType
from kring.errors import LoadError, StreamError
from kring.obj.object import Map
from kring.run.kernel import syscall
from kring.run.kernel.cpus import possible_cpus
from kring.run.kernel.privilege import BPF, not_permitted
from kring.run.kernel.syscall import (
    ENOTSUPP,
    Fds,
    address,
    bpf,
    bpf_open,
    buffer,
    error_name,
    error_text,
    failed,
    unmap,
)
from kring.run.spec import check_length, check_ring_size, stride
from kring.run.target import RingMemory

if TYPE_CHECKING:
    from kring.run.info import MapInfo

_MAP_FREEZE = 22
_RINGS = frozenset({MapType.RINGBUF, MapType.USER_RINGBUF})
# The others refuse key and value types (libbpf drops them too).
_TYPED = PER_CPU | {
    MapType.HASH,
    MapType.ARRAY,
    MapType.LRU_HASH,
    MapType.LPM_TRIE,
    MapType.SK_STORAGE,
    MapType.INODE_STORAGE,
    MapType.TASK_STORAGE,
    MapType.CGRP_STORAGE,
}


def kernel_name(name: str) -> bytes:
    """A name as the kernel takes it: letters, digits, `_` and `.`, at most 15."""
    plain = (c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
    return "".join(plain)[:NAME_SIZE].encode()


def create(fds: Fds, spec: Map, btf_fd: Callable[[], int]) -> KernelMap:
    """The map, holding its initial data; `btf_fd` is called if the map has types to show.

    Raises: NotPermitted, or LoadError with the sizes the kernel refused.
    """
    if spec.type in _RINGS:
        check_ring_size(spec)
    if spec.pinned:
        from kring.run.kernel.shared import shared

        return KernelMap(spec, shared(fds, spec, lambda: _create(fds, spec, btf_fd)))
    return KernelMap(spec, _create(fds, spec, btf_fd))


def _create(fds: Fds, spec: Map, btf_fd: Callable[[], int]) -> int:
    template = Fds()
    try:
        # The kernel copies what it wants to know of the inner map.
        inner = create(template, spec.inner, btf_fd).fd if spec.inner else 0
        fd = _create_typed(fds, spec, btf_fd, inner)
    finally:
        template.close()
    if spec.data is not None:
        KernelMap(spec, fd).update(bytes(spec.key_size), spec.data)
        if spec.flags & BPF_F_RDONLY_PROG:
            # Only a frozen map's values are constants to the verifier.
            bpf(_MAP_FREEZE, struct.pack("<I", fd))
    return fd


def _create_typed(fds: Fds, spec: Map, btf_fd: Callable[[], int], inner: int) -> int:
    typed = spec.type in _TYPED and bool(spec.key_type or spec.value_type)
    try:
        return bpf_open(fds, syscall.MAP_CREATE, _attr(spec, btf_fd() if typed else 0, inner))
    except OSError as error:
        if not typed or error.errno not in (EINVAL, ENOTSUPP):
            raise _refused(spec, error) from None
    try:
        # Types only make the map readable to tools: one whose types the kernel dislikes works.
        return bpf_open(fds, syscall.MAP_CREATE, _attr(spec, 0, inner))
    except OSError as error:
        raise _refused(spec, error) from None


def shape(spec: Map) -> tuple[int, int, int, int, int]:
    """Type, key size, value size, entries and flags, as the kernel is told them."""
    ring = spec.type in _RINGS
    entries = spec.max_entries
    if spec.type is MapType.PERF_EVENT_ARRAY and not entries:
        entries = possible_cpus()
    key, value = (0, 0) if ring else (spec.key_size, spec.value_size)
    return spec.type, key, value, entries, spec.flags


def _attr(spec: Map, btf_fd: int, inner: int) -> bytes:
    return struct.pack(
        "<7I16s5IQ",
        *shape(spec),
        inner,
        spec.numa_node,
        kernel_name(spec.name),
        0,
        btf_fd,
        spec.key_type if btf_fd else 0,
        spec.value_type if btf_fd else 0,
        0,
        spec.map_extra,
    )


def _refused(spec: Map, error: OSError) -> LoadError:
    errno = error.errno or 0
    what = f'creating map "{spec.name}"'
    if errno == EPERM:
        return not_permitted(what, (BPF,))
    shape = (
        f"{spec.type.name}, key {spec.key_size} bytes, value {spec.value_size} bytes,"
        f" {spec.max_entries} entries, flags {spec.flags:#x}"
    )
    hint = ". Make it smaller" if errno in (ENOMEM, E2BIG) else ""
    if errno in (EINVAL, ENOTSUPP):
        from kring.run.kernel.shapes import wanted

        hint = f": {wanted(spec.type)}"
    return LoadError(f"{error_name(errno)}: {what} ({shape}): {error.strerror}{hint}", errno)


class KernelMap:
    """A map of the kernel's; its descriptor belongs to the runtime that made it."""

    __slots__ = ("_held", "_mappings", "_memory", "_value_size", "fd", "spec")

    def __init__(self, spec: Map, fd: int) -> None:
        self.spec = spec
        self.fd = fd
        self._memory: RingMemory | None = None
        self._held: memoryview | None = None
        self._mappings: list[mmap] = []
        self._value_size = stride(spec) * (possible_cpus() if spec.type in PER_CPU else 1)

    def lookup(self, key: bytes) -> bytes | None:
        """The value, or None if the key is not there. A queue or stack has empty keys."""
        value = buffer(self._value_size)
        found = self._element(syscall.MAP_LOOKUP_ELEM, key, address(value), 0, (ENOENT,))
        return value.raw[: self._value_size] if found else None

    def take(self, key: bytes = b"") -> bytes | None:
        """The value at a key, or the first of a queue or stack, which is then gone; None if there
        is none.

        Since: Linux 4.20, commit bd513cd08f10 ("bpf: add MAP_LOOKUP_AND_DELETE_ELEM syscall"); of
        tables, Linux 5.14. Elsewhere these are two steps.
        """
        value = buffer(self._value_size)
        command = syscall.MAP_LOOKUP_AND_DELETE_ELEM
        try:
            found = self._element(command, key, address(value), 0, (ENOENT,))
        except LoadError as error:
            if not key or error.errno not in (EINVAL, ENOTSUPP, EOPNOTSUPP):
                raise
            held = self.lookup(key)
            return held if self.delete(key) else None
        return value.raw[: self._value_size] if found else None

    def may_hold(self, value: bytes) -> bool:
        """Whether a filter may have been given the value."""
        check_length(self.spec, "value", value, self._value_size)
        memory = buffer(value)
        return self._element(syscall.MAP_LOOKUP_ELEM, b"", address(memory), 0, (ENOENT,))

    def update(self, key: bytes, value: bytes, flags: int = 0) -> bool:
        """Whether the value was stored: not in a full map, nor where `flags` forbid it."""
        check_length(self.spec, "value", value, self._value_size)
        memory = buffer(value)
        no = (E2BIG, EEXIST, ENOENT, ENOSPC)
        return self._element(syscall.MAP_UPDATE_ELEM, key, address(memory), flags, no)

    def delete(self, key: bytes) -> bool:
        """Whether the key was there."""
        return self._element(syscall.MAP_DELETE_ELEM, key, 0, 0, (ENOENT,))

    def keys(self) -> Iterator[bytes]:
        """Every key, none twice; deleting the current one is safe."""
        from kring.run.kernel import batch

        return batch.keys(self)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every entry, none twice."""
        from kring.run.kernel import batch

        return batch.items(self)

    def drain(self) -> list[tuple[bytes, bytes]]:
        """Every entry, which is then gone."""
        from kring.run.kernel import batch

        return batch.drain(self)

    def store_all(self, entries: Sequence[tuple[bytes, bytes]]) -> int:
        """How many entries were stored, in their order, until there was no room for one."""
        from kring.run.kernel import batch

        for key, value in entries:
            check_length(self.spec, "key", key, self.spec.key_size)
            check_length(self.spec, "value", value, self._value_size)
        return batch.store_all(self, entries)

    def delete_all(self, keys: Sequence[bytes]) -> int:
        """How many of the keys were there; none of them is any more."""
        from kring.run.kernel import batch

        for key in keys:
            check_length(self.spec, "key", key, self.spec.key_size)
        return batch.delete_all(self, keys)

    @property
    def entry_size(self) -> int:
        """Bytes of a key and its value."""
        return self.spec.key_size + self._value_size

    def next_key(self, key: bytes | None) -> bytes | None:
        """The key behind another, or the first; None if that was the last."""
        following = buffer(self.spec.key_size)
        found = self._element(syscall.MAP_GET_NEXT_KEY, key, address(following), 0, (ENOENT,))
        return following.raw[: self.spec.key_size] if found else None

    def _element(
        self, command: int, key: bytes | None, other: int, flags: int, no: tuple[int, ...]
    ) -> bool:
        """Whether the command worked; False for the errors `no`, which mean just that."""
        if key is not None:
            check_length(self.spec, "key", key, self.spec.key_size)
        fd = self.open_fd()
        memory = buffer(key) if key else None
        try:
            bpf(command, struct.pack("<I4x3Q", fd, address(memory), other, flags))
        except OSError as error:
            if error.errno in no:
                return False
            raise self.refused(error.errno or 0) from None
        return True

    def refused(self, errno: int) -> LoadError:
        """The error for an operation that the kernel does not do."""
        return LoadError(
            f'{error_name(errno)}: map "{self.spec.name}" ({self.spec.type.name})'
            f" refused the operation: {error_text(errno)}",
            errno,
        )

    def ring(self) -> RingMemory:
        """The ring's memory, mapped at the first call and until the runtime closes.

        fd offset 0          1 page              2 pages
        | consumer_pos (rw)  | producer_pos (ro) | data (ro) | the same data again (ro) |
        """
        if self.spec.type is not MapType.RINGBUF:
            raise StreamError(f'map "{self.spec.name}" is no ring buffer: {self.spec.type.name}')
        if self._memory is None:
            self._memory = self._map_ring(self.spec.max_entries)
        return self._memory

    def value(self) -> memoryview:
        """The memory of an array's only value, mapped until the runtime closes; that of constants
        can only be read.

        Since: Linux 5.5, commit fc9702273e2e ("bpf: Add mmap() support for BPF_MAP_TYPE_ARRAY").
        """
        if self._held is None:
            self._held = self._map_value()
        return self._held

    def _map_value(self) -> memoryview:
        pages = -(-self.spec.value_size // PAGESIZE)
        frozen = self.spec.data is not None and self.spec.flags & BPF_F_RDONLY_PROG
        protection = PROT_READ if frozen else PROT_READ | PROT_WRITE
        try:
            memory = mmap(self.fd, pages * PAGESIZE, MAP_SHARED, protection)
        except OSError as error:
            raise failed(f'mapping the value of map "{self.spec.name}"', error) from None
        self._mappings.append(memory)
        return memoryview(memory)[: self.spec.value_size]

    def _map_ring(self, size: int) -> RingMemory:
        length = PAGESIZE + 2 * size
        consumer = mmap(self.fd, PAGESIZE, MAP_SHARED, PROT_READ | PROT_WRITE)
        producer = mmap(self.fd, length, MAP_SHARED, PROT_READ, offset=PAGESIZE)
        self._mappings += (consumer, producer)
        return RingMemory(
            memoryview(consumer)[:8].cast("Q"),
            memoryview(producer)[:8].cast("Q"),
            memoryview(producer)[PAGESIZE:],
            size,
        )

    def info(self) -> MapInfo:
        """What the kernel knows of the map."""
        from kring.run.kernel.info import map_info

        return map_info(self.open_fd())

    @property
    def names(self) -> tuple[str, ...]:
        """The path that the map was made or found at, if its object shares it by name."""
        if not self.spec.pinned:
            return ()
        from kring.run.kernel.shared import shared_path

        return (shared_path(self.spec),)

    def pin(self, path: str) -> None:
        """Give the map a name that keeps it."""
        from kring.run.kernel.pin import pin

        pin(self.open_fd(), path)

    def unpin(self, path: str) -> None:
        from kring.run.kernel.pin import unpin

        unpin(path)

    def open_fd(self) -> int:
        """The descriptor of a map that is not gone."""
        if self.fd < 0:
            raise LoadError(f'map "{self.spec.name}" is gone: its session has ended')
        return self.fd

    def forget(self) -> None:
        """Give the ring's memory back, and the descriptor up, whose number may soon name another
        file. The ring's views are dead from here on."""
        self.fd = -1
        self._held = None
        memory, self._memory = self._memory, None
        if memory is not None:
            for view in (memory.consumer, memory.producer, memory.data):
                view.release()
        unmap(self._mappings)
