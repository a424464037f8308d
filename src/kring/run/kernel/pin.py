"""Names in the BPF file system, which keep maps, programs and links alive without a process.

In: a descriptor, or a path. Out: a name for the one, a descriptor for the other.
"""

from __future__ import annotations

import os
import struct
from errno import EACCES, EEXIST, EINVAL, ENOENT, EPERM

from kring.errors import LoadError, NotPermitted
from kring.run.kernel import syscall
from kring.run.kernel.privilege import BPF, not_permitted
from kring.run.kernel.syscall import Fds, address, bpf, bpf_open, buffer, error_name

BPFFS = "/sys/fs/bpf"
"""Where the BPF file system is mounted by custom, and where libbpf pins maps by their name."""

_MOUNT = f"mount -t bpf bpf {BPFFS}"


def pin(fd: int, path: str) -> None:
    """Give what `fd` refers to a name.

    Raises: NotPermitted, or LoadError if there is something of that name, or no BPF file system.
    """
    name = _name(path)
    try:
        bpf(syscall.OBJ_PIN, struct.pack("<Q2I", address(name), fd, 0))
    except OSError as error:
        errno = error.errno or 0
        if errno == EACCES:
            raise not_permitted(f"pinning to {path}", (BPF,), errno) from None
        why = _why_not(path, errno) or error.strerror
        raise LoadError(f"{error_name(errno)}: pinning to {path}: {why}", errno) from None


def get(fds: Fds, path: str) -> int:
    """A descriptor of what has the name; it belongs to `fds`.

    Raises: NotPermitted, or LoadError, with ENOENT if there is nothing of that name.
    """
    name = _name(path)
    try:
        return bpf_open(fds, syscall.OBJ_GET, struct.pack("<Q2I", address(name), 0, 0))
    except OSError as error:
        errno = error.errno or 0
        what = f"{error_name(errno)}: opening {path}"
        if os.path.exists(path) and not _on_bpffs(path):
            raise LoadError(f"{what}: it is in no BPF file system. {_where()}", errno) from None
        if os.path.isdir(path) or (os.path.exists(path) and errno == ENOENT):
            raise LoadError(f"{what}: it is no map, program or link", errno) from None
        if errno in (EACCES, EPERM):
            raise NotPermitted(
                f"{what}: its owner or mode, or a missing CAP_BPF, forbids it", errno
            ) from None
        why = "nothing is pinned there" if errno == ENOENT else error.strerror
        raise LoadError(f"{what}: {why}", errno) from None


def unpin(path: str) -> None:
    """Take a name away; what had it ends with its last user. A name that is gone is no error.

    Raises: NotPermitted, or LoadError if it is not a file that can be removed.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        errno = error.errno or 0
        kind = NotPermitted if errno in (EACCES, EPERM) else LoadError
        what = f"{error_name(errno)}: removing the pin {path}: {error.strerror}"
        raise kind(what, errno) from None


def _name(path: str) -> syscall.Buffer:
    if not path or "\0" in path:
        raise LoadError(f"{path!r} is no path", EINVAL)
    return buffer(os.fsencode(path) + b"\0")


def _why_not(path: str, errno: int) -> str:
    """What is wrong with a path to pin to, empty if the errno says it all."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(folder) and not _on_bpffs(folder):
        return f"{folder} is in no BPF file system. {_where()}"
    if errno == EEXIST:
        return "something is pinned there already; remove it first, or open it"
    if errno == ENOENT:
        mounted = "" if _mounts() else f". {_where()}"
        return f"there is no directory {folder}{mounted}"
    if errno in (EPERM, EINVAL) and "." in os.path.basename(path):
        return "names there cannot have dots"
    return ""


def _where() -> str:
    mounts = _mounts()
    if not mounts:
        return f"None is mounted here. Try: {_MOUNT}"
    return f"Try a path such as {mounts[0]}/NAME"


def _mounts() -> list[str]:
    """The directories where a BPF file system is."""
    with open("/proc/self/mounts") as file:
        rows = [line.split() for line in file]
    return [row[1] for row in rows if row[2] == "bpf"]


def _on_bpffs(path: str) -> bool:
    """Whether the file or directory is in a BPF file system."""
    try:
        device = os.stat(path).st_dev
        return any(os.stat(mount).st_dev == device for mount in _mounts())
    except OSError:
        return False
