"""Programs connected to many functions at once: all those whose names match a pattern."""

from __future__ import annotations

import os
import struct
from errno import EINVAL, EOPNOTSUPP
from fnmatch import filter as matches
from typing import TYPE_CHECKING

from kring.errors import AttachError, NotSupported
from kring.run.kernel.probes import check_kprobes, no_file
from kring.run.kernel.syscall import address, buffer, error_name

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request

_AT_RETURN = 1
"""BPF_F_KPROBE_MULTI_RETURN, and BPF_F_UPROBE_MULTI_RETURN."""
_PROBED = "available_filter_functions"


def uprobes(request: Request) -> None:
    """Probes at the functions `path:pattern` of a file, or at their returns.

    Since: Linux 6.6, commit 89ae89f53d20 ("bpf: Add multi uprobe link").
    """
    from kring.run.kernel.binaries import find_file, matching

    given, _, pattern = request.target.rpartition(":")
    try:
        path = find_file(given)
        offsets = sorted(set(matching(path, pattern).values()))
    except AttachError as error:
        raise no_file(request, error) from None
    name, table = buffer(os.fsencode(path)), buffer(struct.pack(f"<{len(offsets)}Q", *offsets))
    places = (address(name), address(table), 0, 0, len(offsets), _flags(request))
    _link(request, struct.pack("<4Q3I4x", *places, request.hook.pid or 0), "6.6")


def kprobes(request: Request) -> None:
    """Probes at the kernel functions that match a pattern, or at their returns.

    Since: Linux 5.18, commit 0dcac2725406 ("bpf: Add multi kprobe link").
    """
    check_kprobes(request)
    names = sorted(matches(_probed(request), request.target))
    if not names:
        raise AttachError(f"{request.what()}: no kernel function that can be probed matches that")
    texts = [buffer(name.encode()) for name in names]
    table = buffer(struct.pack(f"<{len(texts)}Q", *map(address, texts)))
    _link(request, struct.pack("<2I3Q", _flags(request), len(texts), address(table), 0, 0), "5.18")


def _flags(request: Request) -> int:
    return _AT_RETURN if request.program.kind.returns else 0


def _link(request: Request, places: bytes, since: str) -> None:
    try:
        request.link(0, request.program.kind.attach, places)
    except OSError as error:
        if error.errno not in (EINVAL, EOPNOTSUPP):
            raise
        raise NotSupported(
            f"{error_name(error.errno)}: {request.what()}: this kernel has no links to many"
            f" functions, which Linux {since} brought",
            error.errno,
        ) from None


def _probed(request: Request) -> set[str]:
    """The kernel functions that can be probed."""
    root = request.around.tracefs.root()
    with open(_PROBED, opener=lambda path, flags: os.open(path, flags, dir_fd=root)) as file:
        return {line.split()[0] for line in file}
