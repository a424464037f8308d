"""Iterators: programs that run for each of the kernel's objects of a kind, while they are read.

In: a loaded iterator. Out: the bytes that all of its calls wrote.
"""

from __future__ import annotations

import os
import struct

from kring.abi.programs import Kind
from kring.abi.uapi import AttachType
from kring.errors import AttachError
from kring.run.kernel import syscall
from kring.run.kernel.syscall import Fds, bpf_open, error_name

_CHUNK = 1 << 16


def read(fd: int, name: str, kind: Kind) -> bytes:
    """What the program writes, run for all objects.

    Raises: AttachError if it is no iterator, or the kernel does not run it.
    """
    if kind.attach != AttachType.TRACE_ITER:
        raise AttachError(f'"{name}" is a {kind.name} program; only an iterator can be read')
    fds = Fds()
    try:
        link = bpf_open(fds, syscall.LINK_CREATE, struct.pack("<4I", fd, 0, kind.attach, 0))
        file = bpf_open(fds, syscall.ITER_CREATE, struct.pack("<2I", link, 0))
        chunks: list[bytes] = []
        while chunk := os.read(file, _CHUNK):
            chunks.append(chunk)
        return b"".join(chunks)
    except OSError as error:
        errno = error.errno or 0
        raise AttachError(
            f'{error_name(errno)}: reading "{name}": {error.strerror}', errno
        ) from None
    finally:
        fds.close()
