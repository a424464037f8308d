"""Programs connected to what the tasks of a cgroup do."""

from __future__ import annotations

import os
from errno import EBADF
from typing import TYPE_CHECKING

from kring.errors import AttachError
from kring.run.kernel.syscall import Fds, error_name, failed

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request


def cgroup(request: Request) -> None:
    """The program at its hook for the tasks of a cgroup, beside others that are there.

    Since: Linux 5.7, commit af6eea57437a ("bpf: Implement bpf_link-based cgroup BPF program
    attachment").
    """
    what = f'attaching "{request.program.spec.name}"'
    path = request.hook.cgroup or ""
    directory = open_cgroup(request.fds, path, what)
    try:
        request.link(directory, request.program.kind.attach_type(request.target))
    except OSError as error:
        if error.errno != EBADF:
            raise
        raise AttachError(
            f"{error_name(EBADF)}: {what}: {path!r} is no directory of a cgroup v2"
            " file system; `mount -t cgroup2` shows where that is",
            EBADF,
        ) from None


def open_cgroup(fds: Fds, path: str, what: str) -> int:
    """A descriptor of the cgroup's directory.

    Raises: AttachError if there is none; `what` is being done.
    """
    try:
        return fds.keep(os.open, path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise failed(f"{what}: cgroup {path!r}", error, AttachError) from None
