"""Iterators: programs that run for each of the kernel's objects of a kind, while they are read.

In: a loaded iterator. Out: the bytes that all of its calls wrote.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from errno import EBADF, EINVAL

from kring.abi.programs import Kind
from kring.abi.uapi import AttachType
from kring.errors import AttachError, LoadError
from kring.run.kernel import syscall
from kring.run.kernel.cgroups import open_cgroup
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer, error_name
from kring.run.target import ANYWHERE, Hook
from kring.spelling import article

_CHUNK = 1 << 16
_SELF_ONLY = 1
"""BPF_CGROUP_ITER_SELF_ONLY."""


def read(fd: int, name: str, kind: Kind, hook: Hook, maps: Mapping[str, int]) -> bytes:
    """What the program writes, run for all objects, or for those of a map, a cgroup or a process.

    Raises: AttachError if it is no iterator, or the kernel does not run it.
    """
    if kind.attach != AttachType.TRACE_ITER:
        raise AttachError(f'"{name}" is {article(kind.name)} program; only an iterator can be read')
    fds = Fds()
    try:
        of = _of(fds, f'reading "{name}"', hook, maps)
        info = buffer(of)
        more = struct.pack("<QI4x", address(info), len(of)) if of else b""
        attr = struct.pack("<4I", fd, 0, kind.attach, 0) + more
        link = bpf_open(fds, syscall.LINK_CREATE, attr)
        file = bpf_open(fds, syscall.ITER_CREATE, struct.pack("<2I", link, 0))
        chunks: list[bytes] = []
        while chunk := os.read(file, _CHUNK):
            chunks.append(chunk)
        return b"".join(chunks)
    except OSError as error:
        raise error if isinstance(error, LoadError) else _refused(name, hook, error) from None
    finally:
        fds.close()


def _of(fds: Fds, what: str, hook: Hook, maps: Mapping[str, int]) -> bytes:
    """union bpf_iter_link_info: whose objects the program runs for; empty for all."""
    if hook.map is not None:
        if isinstance(hook.map, str) and hook.map not in maps:
            raise AttachError(f"{what}: no map {hook.map!r}; there are: {', '.join(maps)}")
        return struct.pack("<I12x", maps[hook.map] if isinstance(hook.map, str) else hook.map)
    if hook.cgroup is not None:
        return struct.pack("<2I8x", _SELF_ONLY, open_cgroup(fds, hook.cgroup, what))
    if hook.pid is not None:
        return struct.pack("<3I4x", 0, hook.pid, 0)
    return b""


def _refused(name: str, hook: Hook, error: OSError) -> AttachError:
    """The error with the option that the kind of objects may lack, or need."""
    errno = error.errno or 0
    hint = ""
    if errno in (EINVAL, EBADF) and hook == ANYWHERE:
        hint = "; it may run for one map only, or one cgroup: say which, as in read(map=…)"
    elif errno in (EINVAL, EBADF):
        hint = "; its kind of objects cannot be chosen so"
    return AttachError(f'{error_name(errno)}: reading "{name}": {error.strerror}{hint}', errno)
