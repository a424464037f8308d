"""Names in the BPF file system, which keep maps, programs and links alive without a process.

In: a descriptor, or a path. Out: a name for the one, a descriptor for the other.
"""

from __future__ import annotations

import struct
from errno import EACCES, EEXIST, EINVAL, ENOENT, EPERM

from kring.errors import LoadError, NotPermitted
from kring.run.kernel import syscall
from kring.run.kernel.privilege import BPF, not_permitted
from kring.run.kernel.syscall import Fds, address, bpf, bpf_open, buffer, error_name

BPFFS = "/sys/fs/bpf"
"""Where the BPF file system is mounted by custom, and where libbpf pins maps by their name."""

_CURES = {
    ENOENT: f"no such directory. Without a BPF file system, try `mount -t bpf bpf {BPFFS}`",
    EEXIST: "something is pinned there already; remove it first, or open it",
    EPERM: f"only paths of a BPF file system can be pinned to, such as {BPFFS}/NAME",
    EINVAL: f"only paths of a BPF file system can be pinned to, such as {BPFFS}/NAME",
}


def pin(fd: int, path: str) -> None:
    """Give what `fd` refers to a name.

    Raises: NotPermitted, or LoadError if there is something of that name, or no BPF file system.
    """
    name = buffer(path.encode() + b"\0")
    try:
        bpf(syscall.OBJ_PIN, struct.pack("<Q2I", address(name), fd, 0))
    except OSError as error:
        errno = error.errno or 0
        if errno == EACCES:
            raise not_permitted(f"pinning to {path}", (BPF,), errno) from None
        why = _CURES.get(errno, error.strerror)
        raise LoadError(f"{error_name(errno)}: pinning to {path}: {why}", errno) from None


def get(fds: Fds, path: str) -> int:
    """A descriptor of what has the name; it belongs to `fds`.

    Raises: NotPermitted, or LoadError, with ENOENT if there is nothing of that name.
    """
    name = buffer(path.encode() + b"\0")
    try:
        return bpf_open(fds, syscall.OBJ_GET, struct.pack("<Q2I", address(name), 0, 0))
    except OSError as error:
        errno = error.errno or 0
        if errno in (EACCES, EPERM):
            raise NotPermitted(
                f"{error_name(errno)}: opening {path}: its owner or mode, or a missing CAP_BPF,"
                " forbids it",
                errno,
            ) from None
        why = "nothing is pinned there" if errno == ENOENT else error.strerror
        raise LoadError(f"{error_name(errno)}: opening {path}: {why}", errno) from None
