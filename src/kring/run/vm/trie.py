"""LPM_TRIE maps of the VM: the longest stored prefix of a key is found.

In:  a `Map`; its keys are a u32 of bits that count, and the bytes that have them, first bit first.
Out: `TrieMap`, a `VmMap`.
See: kernel/bpf/lpm_trie.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from errno import EEXIST, EINVAL, ENOENT, ENOSPC
from typing import Final

from kring.abi.uapi import BPF_EXIST, BPF_NOEXIST
from kring.obj.object import Map
from kring.run.vm.maps import VmMap, fill
from kring.run.vm.memory import Memory, Region

_LENGTH_SIZE: Final = 4

_Prefix = tuple[int, int]
"""Number of bits, and the bits."""


class TrieMap(VmMap):
    """Values by prefix, each kept with its key as it was given."""

    def __init__(self, spec: Map, fd: int, memory: Memory, cpus: int) -> None:
        super().__init__(spec, fd, memory, cpus)
        self._values: dict[_Prefix, tuple[bytes, Region]] = {}
        self._bits = 8 * (spec.key_size - _LENGTH_SIZE)

    def find(self, key: bytes) -> list[Region] | None:
        length = int.from_bytes(key[:_LENGTH_SIZE], "little")
        if length <= self._bits:
            for shorter in range(length, -1, -1):
                if found := self._values.get(self._prefix(key, shorter)):
                    return [found[1]]
        return None

    def store(self, key: bytes, values: list[bytes | None], flags: int) -> int:
        length = int.from_bytes(key[:_LENGTH_SIZE], "little")
        if flags > BPF_EXIST or length > self._bits:
            return -EINVAL
        prefix = self._prefix(key, length)
        old = self._values.get(prefix)
        if flags == BPF_NOEXIST and old is not None:
            return -EEXIST
        if flags == BPF_EXIST and old is None:
            return -ENOENT
        if old is None and len(self._values) >= self.spec.max_entries:
            return -ENOSPC
        new = self.new_value(0)
        fill([new], values)
        if old is not None:
            self.memory.retire(old[1])
        self._values[prefix] = key, new
        return 0

    def remove(self, key: bytes) -> int:
        length = int.from_bytes(key[:_LENGTH_SIZE], "little")
        if length > self._bits:
            return -EINVAL
        old = self._values.pop(self._prefix(key, length), None)
        if old is None:
            return -ENOENT
        self.memory.retire(old[1])
        return 0

    def keys(self) -> Iterator[bytes]:
        yield from [key for key, _ in self._values.values()]

    def _prefix(self, key: bytes, length: int) -> _Prefix:
        whole = int.from_bytes(key[_LENGTH_SIZE:], "big")
        return length, whole >> (self._bits - length)
