"""The VM's maps without keys, of stacks of calls, of programs and of maps.

In:  a `Map` and the memory its values are in, if programs reach them by address.
Out: `QueueMap`, `StackMap`, `BloomMap`, `TraceMap`, `JumpMap`, `OuterMap`: each a `VmMap`.
See: kernel/bpf/queue_stack_maps.c, bloom_filter.c, stackmap.c, arraymap.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from errno import E2BIG, EBADF, EEXIST, EINVAL, ENOENT
from typing import Final
from zlib import crc32

from kring.abi.uapi import BPF_ANY, BPF_EXIST, MapType
from kring.obj.object import Map
from kring.run.spec import check_length
from kring.run.vm.maps import VmMap
from kring.run.vm.memory import Memory

_WORD: Final = 8
_REUSE_ID: Final = 1 << 10
_FAST_COMPARE: Final = 1 << 9


class Keyless(VmMap):
    """A map that programs push values to; an update without a key does that, too."""

    def push(self, value: bytes, flags: int) -> int:
        """Add a value."""
        raise NotImplementedError

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        return self.push(values[0] or b"", flags)


class QueueMap(Keyless):
    """QUEUE: first in, first out."""

    last_first = False

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._values: list[bytes] = []

    def push(self, value: bytes, flags: int) -> int:
        """With BPF_EXIST, a full map loses its oldest value."""
        if flags not in (BPF_ANY, BPF_EXIST):
            return -EINVAL
        if len(self._values) >= self.spec.max_entries:
            if flags != BPF_EXIST:
                return -E2BIG
            self._values.pop(0)
        self._values.append(value)
        return 0

    def first(self, *, take: bool) -> bytes | None:
        """The value that comes first, gone if it is taken."""
        if not self._values:
            return None
        at = -1 if self.last_first else 0
        return self._values.pop(at) if take else self._values[at]

    def lookup(self, key: bytes) -> bytes | None:
        self._check_live()
        return self.first(take=False)

    def take(self, key: bytes = b"") -> bytes | None:
        self._check_live()
        return self.first(take=True)


class StackMap(QueueMap):
    """STACK: last in, first out."""

    last_first = True


class BloomMap(Keyless):
    """BLOOM_FILTER, never wrong; the kernel's is, at times, about what was not added."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._values: set[bytes] = set()

    def push(self, value: bytes, flags: int) -> int:
        if flags != BPF_ANY:
            return -EINVAL
        self._values.add(value)
        return 0

    def may_hold(self, value: bytes) -> bool:
        self._check_live()
        check_length(self.spec, "value", value, self.spec.value_size)
        return value in self._values


class TraceMap(VmMap):
    """STACK_TRACE: stacks of calls by a number made from their addresses."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._buckets = 1 << max(spec.max_entries - 1, 0).bit_length()
        self._traces: dict[int, bytes] = {}

    def number(self, addresses: Sequence[int], flags: int) -> int:
        """The stack's number; -EEXIST where another stack has it.

        See: __bpf_get_stackid.
        """
        deepest = self.spec.value_size // _WORD
        trace = b"".join(address.to_bytes(_WORD, "little") for address in addresses[:deepest])
        number = crc32(trace) & (self._buckets - 1)
        known = self._traces.get(number)
        if known not in (None, trace) and not flags & (_FAST_COMPARE | _REUSE_ID):
            return -EEXIST
        if known is None or not flags & _FAST_COMPARE:
            self._traces[number] = trace
        return number

    def lookup(self, key: bytes) -> bytes | None:
        self._check_live()
        found = self._traces.get(int.from_bytes(key, "little"))
        return None if found is None else found.ljust(self.spec.value_size, b"\0")

    def remove(self, key: bytes) -> int:
        found = self._traces.pop(int.from_bytes(key, "little"), None)
        return -ENOENT if found is None else 0

    def keys(self) -> Iterator[bytes]:
        yield from [number.to_bytes(4, "little") for number in sorted(self._traces)]


class Descriptors(VmMap):
    """Descriptors by key; `indexed` ones have as many keys as entries."""

    indexed = True

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._held: dict[bytes, bytes] = {}

    def held(self, key: bytes) -> int | None:
        """The descriptor at a key."""
        found = self._held.get(key)
        return None if found is None else int.from_bytes(found, "little")

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        room = int.from_bytes(key, "little") if self.indexed else len(self._held.keys() - {key})
        if room >= self.spec.max_entries:
            return -E2BIG
        if flags != BPF_ANY:
            return -EINVAL
        self._held[key] = values[0] or b""
        return 0

    def lookup(self, key: bytes) -> bytes | None:
        self._check_live()
        return self._held.get(key)

    def remove(self, key: bytes) -> int:
        return -ENOENT if self._held.pop(key, None) is None else 0

    def keys(self) -> Iterator[bytes]:
        yield from sorted(self._held, key=lambda key: int.from_bytes(key, "little"))


class JumpMap(Descriptors):
    """PROG_ARRAY: descriptors of programs by index."""

    def program(self, index: int) -> int | None:
        """The descriptor at an index."""
        return self.held(index.to_bytes(4, "little"))


class OuterMap(Descriptors):
    """ARRAY_OF_MAPS: descriptors of maps by index, of such as the inner one."""

    def among(self, others: Mapping[int, VmMap]) -> None:
        self._others = others

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        other = self._others.get(int.from_bytes(values[0] or b"", "little"))
        if other is None:
            return -EBADF
        inner = self.spec.inner
        if inner is not None and _shape(other.spec) != _shape(inner):
            return -EINVAL
        return super().store(key, values, flags)


def _shape(spec: Map) -> tuple[int, ...]:
    """What maps in one map have alike. See: bpf_map_meta_equal."""
    entries = spec.max_entries if spec.type is MapType.ARRAY else 0
    return spec.type, spec.key_size, spec.value_size, spec.flags, entries


class OuterHashMap(OuterMap):
    """HASH_OF_MAPS: descriptors of maps by any key."""

    indexed = False
