"""Many entries of a map at once: a system call for each thousands of them.

In: a live map. Out: its entries, or how many were stored or deleted; where the kernel or the kind
of map has no such calls, one call for each entry does the same.

A table gives whole buckets, each looked at once and under its lock: an entry that is there all the
time comes exactly once, whatever else comes and goes. Since: Linux 5.6, commit cb4d03ab499d ("bpf:
Add generic support for lookup batch op"); of per-CPU arrays, Linux 5.13.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP
from typing import TYPE_CHECKING, Final

from kring.abi.uapi import MapType
from kring.errors import NotSupported
from kring.run.kernel.syscall import ENOTSUPP, Buffer, address, bpf, buffer

if TYPE_CHECKING:
    from kring.run.kernel.maps import KernelMap

LOOKUP: Final = 24
LOOKUP_AND_DELETE: Final = 25
_UPDATE: Final = 26
_DELETE: Final = 27

TABLES: Final = frozenset(
    {
        MapType.HASH,
        MapType.LRU_HASH,
        MapType.PERCPU_HASH,
        MapType.LRU_PERCPU_HASH,
        MapType.HASH_OF_MAPS,
    }
)
"""Kinds whose entries are in buckets."""
INDEXED: Final = frozenset({MapType.ARRAY, MapType.PERCPU_ARRAY})
_SPARSE: Final = frozenset({MapType.PROG_ARRAY, MapType.ARRAY_OF_MAPS})
"""Arrays whose places may be empty; the kernel lists those, too."""

_ATTR: Final = struct.Struct("<4Q2I2Q")
"""Where to begin, where that ended, keys, values, count, map, flags."""
_COUNT_OFFSET: Final = 32
_ROOM: Final = 1 << 20
"""Bytes of entries taken at once."""
_PLACE: Final = 4
"""Bytes of the number of a bucket, which says where to go on."""
_PASSES: Final = 4
_LACKING: Final = (EINVAL, ENOTSUPP, EOPNOTSUPP)

Entry = tuple[bytes, bytes]


def items(live: KernelMap) -> Iterator[Entry]:
    """Every entry, none twice."""
    if live.spec.type in TABLES | INDEXED:
        try:
            chunks = _chunks(live, LOOKUP)
            first = next(chunks)
        except NotSupported:
            pass
        else:
            yield from first
            for chunk in chunks:
                yield from chunk
            return
    for key in keys_in_turn(live):
        value = live.lookup(key)
        if value is not None:
            yield key, value


def keys(live: KernelMap) -> Iterator[bytes]:
    """Every key, none twice."""
    if live.spec.type in INDEXED:
        return (i.to_bytes(4, "little") for i in range(live.spec.max_entries))
    if live.spec.type in TABLES:
        return (key for key, _ in items(live))
    if live.spec.type in _SPARSE:
        return (key for key in keys_in_turn(live) if live.lookup(key) is not None)
    return keys_in_turn(live)


def keys_in_turn(live: KernelMap) -> Iterator[bytes]:
    """Every key, each asked for after the one before it.

    The kernel starts over when the key to go on from is gone: what came already is passed over, as
    often as that can happen without somebody deleting all the time.
    """
    seen: set[bytes] = set()
    key = live.next_key(None)
    # A map of stacks of calls has as many entries as the next power of two.
    for _ in range(_PASSES << (live.spec.max_entries - 1).bit_length()):
        if key is None:
            return
        # Asked for before the current one is handed out, whose deletion is then safe.
        following = live.next_key(key)
        if key not in seen:
            seen.add(key)
            yield key
        key = following


def drain(live: KernelMap) -> list[Entry]:
    """Every entry, which is then gone."""
    taken: list[Entry] = []
    if live.spec.type in TABLES:
        try:
            for chunk in _chunks(live, LOOKUP_AND_DELETE):
                taken += chunk
            return taken
        except NotSupported:
            pass
    for key in keys_in_turn(live):
        value = live.take(key)
        if value is not None:
            taken.append((key, value))
    return taken


def store_all(live: KernelMap, entries: Sequence[Entry]) -> int:
    """How many entries were stored, in their order, until there was no room for one."""
    done = 0
    for some in _slices(entries, live.entry_size):
        keys, values = (b"".join(column) for column in zip(*some, strict=True))
        stored = _many(live, _UPDATE, len(some), keys, values, (E2BIG, EEXIST, ENOENT, ENOSPC))
        if stored is None:
            stored = _until(live.update, some)
        done += stored
        if stored < len(some):
            break
    return done


def delete_all(live: KernelMap, keys: Sequence[bytes]) -> int:
    """How many of the keys were there; none of them is any more."""
    done = at = 0
    most = max(_ROOM // live.entry_size, 1)
    while at < len(keys):
        some = keys[at : at + most]
        deleted = _many(live, _DELETE, len(some), b"".join(some), b"", (ENOENT,))
        if deleted is None:
            return done + sum(live.delete(key) for key in keys[at:])
        done += deleted
        # The one that ended it is not there.
        at += deleted + (deleted < len(some))
    return done


def _until(update: Callable[[bytes, bytes], bool], entries: Sequence[Entry]) -> int:
    for done, (key, value) in enumerate(entries):
        if not update(key, value):
            return done
    return len(entries)


def _slices(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    most = max(_ROOM // size, 1)
    return (entries[at : at + most] for at in range(0, len(entries), most))


def _many(
    live: KernelMap, command: int, count: int, keys: bytes, values: bytes, no: tuple[int, ...]
) -> int | None:
    """How many entries it worked for before one of the errors `no`; None if there is no such call
    for this map."""
    key_memory, value_memory = buffer(keys), buffer(values)
    at = address(key_memory), address(value_memory)
    attr = buffer(_ATTR.pack(0, 0, *at, count, live.open_fd(), 0, 0))
    errno = _call(command, attr)
    if errno in _LACKING:
        return None
    if errno and errno not in no:
        raise live.refused(errno)
    return _count(attr)


def _chunks(live: KernelMap, command: int) -> Iterator[list[Entry]]:
    """The entries, many at a time.

    Raises: NotSupported at the first step if there is no such call for this map.
    """
    key_size, value_size = live.spec.key_size, live.entry_size - live.spec.key_size
    count = min(live.spec.max_entries, max(_ROOM // live.entry_size, 1))
    place, following = (buffer(max(key_size, _PLACE)) for _ in range(2))
    begun = False
    while True:
        keys, values = buffer(count * key_size), buffer(count * value_size)
        at = address(place) if begun else 0, address(following), address(keys), address(values)
        attr = buffer(_ATTR.pack(*at, count, live.open_fd(), 0, 0))
        errno = _call(command, attr)
        if errno == ENOSPC:
            # There is a bucket with more entries than that.
            count *= 2
            continue
        if errno in _LACKING and not begun:
            raise NotSupported("no such call for this map", errno)
        if errno not in (0, ENOENT):
            raise live.refused(errno)
        yield list(zip(_cut(keys, key_size, attr), _cut(values, value_size, attr), strict=True))
        if errno:
            return
        begun, place, following = True, following, place


def _cut(memory: Buffer, size: int, attr: Buffer) -> list[bytes]:
    data = bytes(memoryview(memory)[: _count(attr) * size])
    return [data[at : at + size] for at in range(0, len(data), size)]


def _call(command: int, attr: Buffer) -> int:
    """The errno, 0 for none."""
    try:
        bpf(command, attr)
    except OSError as error:
        return error.errno or 0
    return 0


def _count(attr: Buffer) -> int:
    return int.from_bytes(attr.raw[_COUNT_OFFSET : _COUNT_OFFSET + 4], "little")
