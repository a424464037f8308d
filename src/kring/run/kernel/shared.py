"""Maps that programs of several processes share by name: pinned where libbpf pins them.

In: a map's spec and what makes such a map. Out: the descriptor of the one map of that name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from errno import EEXIST, ENOENT
from os.path import join

from kring.errors import LoadError
from kring.obj.object import Map
from kring.run.kernel import syscall
from kring.run.kernel.maps import shape
from kring.run.kernel.pin import BPFFS, get, pin
from kring.run.kernel.syscall import Fds, address, bpf, buffer

_INFO = struct.Struct("<I4x4I56xQ")
"""struct bpf_map_info: type, sizes, entries, flags; and after its names and ids, map_extra."""
_FACTS = ("type", "key_size", "value_size", "max_entries", "map_flags", "map_extra")


def shared(fds: Fds, spec: Map, make: Callable[[], int]) -> int:
    """A descriptor of the map pinned by the spec's name, made and pinned if there is none.

    Raises: LoadError if that is another kind of map, or nothing can be pinned.
    """
    path = join(BPFFS, spec.name.replace(".", "_"))
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


def _checked(fd: int, spec: Map, path: str) -> int:
    if differences := list(_differences(fd, spec)):
        raise LoadError(
            f'map "{spec.name}" is pinned at {path}, and another: {"; ".join(differences)}. Remove '
            "it, or give this one another name"
        )
    return fd


def _differences(fd: int, spec: Map) -> Iterator[str]:
    info = buffer(_INFO.size)
    attr = struct.pack("<2IQ", fd, _INFO.size, address(info))
    try:
        bpf(syscall.OBJ_GET_INFO_BY_FD, attr)
    except OSError as error:
        yield f"{error.strerror}"
        return
    there = _INFO.unpack(info.raw[: _INFO.size])
    for what, theirs, mine in zip(_FACTS, there, (*shape(spec), spec.map_extra), strict=True):
        if theirs != mine:
            yield f"{what} is {theirs} there, {mine} here"
