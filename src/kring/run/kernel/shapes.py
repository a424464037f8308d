"""What the kernel wants of a map of each type, for the error when it refuses one.

See: the map_alloc_check of each type below kernel/bpf/.
"""

from __future__ import annotations

from typing import Final

from kring.abi.uapi import MapType

_TABLE: Final = "a key, a value and at least one entry"
_ARRAY: Final = "a key of 4 bytes, a value and at least one entry"
_SLOTS: Final = "a key of 4 bytes, a value of 4 bytes and at least one entry"
_DEVICES: Final = "a key of 4 bytes, a value of 4 or 8 bytes and at least one entry"
_STORAGE: Final = (
    "a key of 4 bytes, 0 entries, the flag BPF_F_NO_PREALLOC (0x1), and the types (BTF) of key and "
    "value"
)
_OLD_STORAGE: Final = "a key of 8 bytes, or struct bpf_cgroup_storage_key, and 0 entries"
_KEYLESS: Final = "no key, a value and at least one entry"
_RING: Final = "no key, no value, and a size that is a power of two and fills whole pages"

_WANTED: Final = {
    MapType.HASH: _TABLE,
    MapType.PERCPU_HASH: _TABLE,
    MapType.LRU_HASH: _TABLE,
    MapType.LRU_PERCPU_HASH: _TABLE,
    MapType.ARRAY: _ARRAY,
    MapType.PERCPU_ARRAY: _ARRAY,
    MapType.PROG_ARRAY: _SLOTS,
    MapType.PERF_EVENT_ARRAY: _SLOTS,
    MapType.CGROUP_ARRAY: _SLOTS,
    MapType.ARRAY_OF_MAPS: "a key of 4 bytes, and a description of the maps in it (`values`)",
    MapType.HASH_OF_MAPS: "a key, and a description of the maps in it (`values`)",
    MapType.STACK_TRACE: "a key of 4 bytes, and a value of 8 bytes for each of at most 127 calls",
    MapType.LPM_TRIE: (
        "the flag BPF_F_NO_PREALLOC (0x1), and a key of 5 to 260 bytes, 4 of them for its length"
    ),
    MapType.DEVMAP: _DEVICES,
    MapType.DEVMAP_HASH: _DEVICES,
    MapType.CPUMAP: _DEVICES,
    MapType.SOCKMAP: _DEVICES,
    MapType.REUSEPORT_SOCKARRAY: _DEVICES,
    MapType.SOCKHASH: "a key, a value of 4 or 8 bytes and at least one entry",
    MapType.XSKMAP: _SLOTS,
    MapType.CGROUP_STORAGE: _OLD_STORAGE,
    MapType.PERCPU_CGROUP_STORAGE: _OLD_STORAGE,
    MapType.QUEUE: _KEYLESS,
    MapType.STACK: _KEYLESS,
    MapType.BLOOM_FILTER: _KEYLESS,
    MapType.SK_STORAGE: _STORAGE,
    MapType.INODE_STORAGE: _STORAGE,
    MapType.TASK_STORAGE: _STORAGE,
    MapType.CGRP_STORAGE: _STORAGE,
    MapType.RINGBUF: _RING,
    MapType.USER_RINGBUF: _RING,
    MapType.ARENA: "no key, no value, and the flag BPF_F_MMAPABLE (0x400)",
    MapType.STRUCT_OPS: "a struct of functions that is the kernel's, by its type (BTF)",
}


def wanted(type: MapType) -> str:
    """What a map of the type must have."""
    return f"this kernel has no such maps, or wants {_WANTED[type]}"
