"""Maps that programs of several processes share by name: pinned where libbpf pins them.

In: a map's spec and what makes such a map. Out: the descriptor of the one map of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import EEXIST, ENOENT
from os.path import join

from kring.abi.uapi import BPF_F_RDONLY_PROG, MapType
from kring.errors import LoadError
from kring.obj.object import Map
from kring.run.kernel.info import kind_of_fd, map_info
from kring.run.kernel.maps import shape
from kring.run.kernel.pin import BPFFS, get, pin
from kring.run.kernel.syscall import Fds

_OWN_FLAGS = {MapType.DEVMAP: BPF_F_RDONLY_PROG, MapType.DEVMAP_HASH: BPF_F_RDONLY_PROG}
"""Flags that the kernel gives each map of the kind, and takes from nobody: dev_map_alloc_check."""


def shared(fds: Fds, spec: Map, make: Callable[[], int]) -> int:
    """A descriptor of the map pinned by the spec's name, made and pinned if there is none.

    Raises: LoadError if that is another kind of map, or nothing can be pinned.
    """
    path = shared_path(spec)
    try:
        return _checked(get(fds, path), spec, path)
    except LoadError as error:
        if error.errno != ENOENT:
            raise
    fd = make()
    try:
        pin(fd, path)
    except LoadError as error:
        if error.errno != EEXIST:
            raise
        # Somebody else was faster.
        return _checked(get(fds, path), spec, path)
    return fd


def shared_path(spec: Map) -> str:
    """Where a map that is pinned by its name lies."""
    return join(BPFFS, spec.name.replace(".", "_"))


def _checked(fd: int, spec: Map, path: str) -> int:
    if differences := list(_differences(fd, spec)):
        raise LoadError(
            f'map "{spec.name}": what is pinned at {path} differs: {"; ".join(differences)}. '
            "Remove it, or give this map another name"
        )
    return fd


def _differences(fd: int, spec: Map) -> Iterator[str]:
    kind = kind_of_fd(fd)
    if kind != "map":
        yield f"it is a {kind or 'thing of another kind'}, not a map"
        return
    there = map_info(fd)
    type, key, value, entries, flags = shape(spec)
    for what, theirs, mine in (
        ("type", there.type.name, MapType(type).name),
        ("key_size", there.key_size, key),
        ("value_size", there.value_size, value),
        ("max_entries", there.max_entries, entries),
        ("map_flags", there.flags & ~_OWN_FLAGS.get(there.type, 0), flags),
        ("map_extra", there.map_extra, spec.map_extra),
    ):
        if theirs != mine:
            yield f"{what} is {theirs} there, {mine} here"
