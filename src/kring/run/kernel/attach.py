"""Programs connected to their hooks: one row per kind that has a hook.

In: a loaded program, the target its section names, and what else `load` was told of the hook. Out:
a `KernelLink`, whose descriptors keep the connection; closing them ends it. `probes` has hooks in
running code, `network` those that see packets.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import EINVAL, ENOENT, EPERM

from kring.abi.uapi import AttachType
from kring.errors import AttachError, LoadError
from kring.record import record
from kring.run.kernel import syscall
from kring.run.kernel.privilege import needs, not_permitted
from kring.run.kernel.programs import KernelProgram
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer, error_name
from kring.run.kernel.tracefs import Tracefs
from kring.run.spec import kind_of
from kring.run.target import Hook
from kring.spelling import suggestion


class KernelLink:
    """An attached program. Closing detaches it; closing again does nothing."""

    __slots__ = ("fds",)

    def __init__(self) -> None:
        self.fds = Fds()

    def close(self) -> None:
        self.fds.close()


@record
class Request:
    """A program to be connected to `target`; what that takes belongs to `fds`."""

    program: KernelProgram
    target: str
    hook: Hook
    tracefs: Tracefs
    fds: Fds

    def what(self) -> str:
        """What is being done, for an error."""
        return f'attaching "{self.program.spec.name}" to {self.target}'


def attach(program: KernelProgram, tracefs: Tracefs, link: KernelLink, hook: Hook) -> None:
    """Connect the program to its hook; what that takes belongs to `link`, failing or not.

    Raises: AttachError, NotPermitted, NotSupported.
    """
    kind, target = kind_of(program.spec)
    connect = _ATTACH.get(kind.name)
    name = program.spec.name
    if connect is None:
        raise AttachError(
            f'"{name}" is a {kind.name} program, which has no hook. Test-run it with .run()'
        )
    if kind.name not in _BY_HOOK and not target:
        raise AttachError(f'"{name}": section {program.spec.section!r} names no {kind.name}')
    request = Request(program, target, hook, tracefs, link.fds)
    try:
        connect(request)
    except OSError as error:
        link.close()
        # Our own errors are complete; some of them are OSErrors too.
        raise error if isinstance(error, LoadError) else _refused(request, error) from None
    except BaseException:
        link.close()
        raise


def _refused(request: Request, error: OSError) -> LoadError:
    errno = error.errno or 0
    if errno == EPERM:
        return not_permitted(request.what(), needs(request.program.kind.type))
    return AttachError(f"{error_name(errno)}: {request.what()}: {error.strerror}", errno)


def _raw_tracepoint(request: Request) -> None:
    """The program called with the tracepoint's own arguments."""
    event = request.target.rpartition(":")[2]
    name = buffer(event.encode() + b"\0")
    attr = struct.pack("<QI4xQ", address(name), request.program.fd, 0)
    try:
        bpf_open(request.fds, syscall.RAW_TRACEPOINT_OPEN, attr)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        raise AttachError(
            f"no raw tracepoint {event}.{_suggestion(request.tracefs, event)}", ENOENT
        ) from None


def _suggestion(tracefs: Tracefs, event: str) -> str:
    try:
        names = [name.partition(":") for name in tracefs.names()]
    except LoadError:
        # Without tracefs there is no list to choose from; the name alone must do.
        return ""
    # The syscalls' tracepoints are two raw ones: sys_enter and sys_exit.
    raw = [name for category, _, name in names if category != "syscalls"]
    return suggestion(event, [*raw, "sys_enter", "sys_exit"], quote="")


def _function(request: Request) -> None:
    """The program at the function that it named at load.

    Kernels before 5.19 know only the command for raw tracepoints.
    """
    program = request.program
    where = program.kind.attach
    attr = struct.pack("<4I", program.fd, 0, where, 0)
    try:
        bpf_open(request.fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno != EINVAL or where == AttachType.LSM_MAC:
            raise
        attr = struct.pack("<QI4x", 0, program.fd)
        bpf_open(request.fds, syscall.RAW_TRACEPOINT_OPEN, attr)


def _later(module: str, name: str) -> Callable[[Request], None]:
    """A function of a module that is imported when it is called."""

    def connect(request: Request) -> None:
        from importlib import import_module

        getattr(import_module(f"kring.run.kernel.{module}"), name)(request)

    return connect


_ATTACH: dict[str, Callable[[Request], None]] = {
    "tracepoint": _later("probes", "tracepoint"),
    "raw_tracepoint": _raw_tracepoint,
    "tp_btf": _function,
    "fentry": _function,
    "fexit": _function,
    "lsm": _function,
    "kprobe": _later("probes", "kprobe"),
    "kretprobe": _later("probes", "kprobe"),
    "uprobe": _later("probes", "uprobe"),
    "uretprobe": _later("probes", "uprobe"),
    "usdt": _later("probes", "usdt"),
    "perf_event": _later("probes", "perf_event"),
    "xdp": _later("network", "xdp"),
    "tc": _later("network", "tc"),
    "cgroup_skb": _later("network", "cgroup_skb"),
    "socket_filter": _later("network", "socket_filter"),
}
_BY_HOOK = frozenset({"xdp", "tc", "cgroup_skb", "socket_filter"})
"""Kinds whose sections need not name where they attach."""
