"""Programs connected to their hooks: one row per kind that has a hook.

In: a loaded program and the target its section names. Out: a `KernelLink`, whose descriptors keep
the connection; closing them ends it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import EACCES, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, EPERM
from typing import NoReturn

from kring.abi.uapi import AttachType
from kring.errors import AttachError, LoadError
from kring.run.kernel import syscall
from kring.run.kernel.privilege import PERFMON, needs, not_permitted
from kring.run.kernel.programs import KernelProgram
from kring.run.kernel.syscall import Fds, address, bpf_open, buffer, error_name, perf_event_open
from kring.run.kernel.tracefs import Tracefs
from kring.run.spec import kind_of

_IOC_ENABLE = 0x2400
_IOC_SET_BPF = 0x4004_2408


class KernelLink:
    """An attached program. Closing detaches it; closing again does nothing."""

    __slots__ = ("fds",)

    def __init__(self) -> None:
        self.fds = Fds()

    def close(self) -> None:
        self.fds.close()


def attach(
    program: KernelProgram, tracefs: Tracefs, link: KernelLink, interface: str | None = None
) -> None:
    """Connect the program to its hook; what that takes belongs to `link`, failing or not.

    Raises: AttachError, NotPermitted, NotSupported.
    """
    kind, target = kind_of(program.spec)
    connect = _ATTACH.get(kind.name)
    name = program.spec.name
    if connect is None:
        raise AttachError(
            f'"{name}" is a {kind.name} program; kring attaches {" and ".join(_ATTACH)} programs.'
            " Test-run it with .run()"
        )
    if kind.name in _ON_INTERFACE:
        target = interface or _no_interface(program)
    if not target:
        raise AttachError(f'"{name}": section {program.spec.section!r} names no {kind.name}')
    try:
        connect(program, target, tracefs, link.fds)
    except OSError as error:
        link.close()
        # Our own errors are complete; some of them are OSErrors too.
        raise error if isinstance(error, LoadError) else _refused(program, target, error) from None
    except BaseException:
        link.close()
        raise


def _refused(program: KernelProgram, target: str, error: OSError) -> LoadError:
    errno = error.errno or 0
    what = f'attaching "{program.spec.name}" to {target}'
    if errno == EPERM:
        return not_permitted(what, needs(program.kind.type))
    return AttachError(f"{error_name(errno)}: {what}: {error.strerror}", errno)


def _tracepoint(program: KernelProgram, target: str, tracefs: Tracefs, fds: Fds) -> None:
    """A perf event for the tracepoint, and the program in its list of handlers."""
    event = _perf_event(program, target, tracefs.event_id(target), fds)
    try:
        # Since: Linux 5.15, commit b89fbfbb854c ("bpf: Implement minimal BPF perf link").
        attr = struct.pack("<4IQ", program.fd, event, AttachType.PERF_EVENT, 0, 0)
        bpf_open(fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno != EINVAL:
            raise
        from fcntl import ioctl

        ioctl(event, _IOC_SET_BPF, program.fd)
        ioctl(event, _IOC_ENABLE, 0)


def _perf_event(program: KernelProgram, target: str, id: int, fds: Fds) -> int:
    try:
        return perf_event_open(fds, syscall.PERF_TYPE_TRACEPOINT, id)
    except OSError as error:
        if error.errno not in (EACCES, EPERM):
            raise
        what = f'attaching "{program.spec.name}" to {target}'
        raise not_permitted(what, (PERFMON,), error.errno) from None


def _raw_tracepoint(program: KernelProgram, target: str, tracefs: Tracefs, fds: Fds) -> None:
    """The program called with the tracepoint's own arguments."""
    event = target.rpartition(":")[2]
    name = buffer(event.encode() + b"\0")
    attr = struct.pack("<QI4xQ", address(name), program.fd, 0)
    try:
        bpf_open(fds, syscall.RAW_TRACEPOINT_OPEN, attr)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        raise AttachError(
            f"no raw tracepoint {event}.{_suggestion(tracefs, event)}", ENOENT
        ) from None


def _suggestion(tracefs: Tracefs, event: str) -> str:
    from difflib import get_close_matches

    try:
        names = [name.partition(":") for name in tracefs.names()]
    except LoadError:
        # Without tracefs there is no list to choose from; the name alone must do.
        return ""
    # The syscalls' tracepoints are two raw ones: sys_enter and sys_exit.
    raw = [name for category, _, name in names if category != "syscalls"]
    close = get_close_matches(event, [*raw, "sys_enter", "sys_exit"], 1)
    return f" Did you mean {close[0]}?" if close else ""


def _xdp(program: KernelProgram, interface: str, tracefs: Tracefs, fds: Fds) -> None:
    """The program on a device: in its driver if that can run programs, else behind it.

    Since: Linux 5.9, commit aa8d3a716b59 ("bpf, xdp: Add bpf_link-based XDP attachment API").
    """
    index = _interface_index(program, interface)
    attr = struct.pack("<4I", program.fd, index, AttachType.XDP, 0)
    try:
        bpf_open(fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno not in (EBUSY, EEXIST):
            raise
        raise AttachError(
            f'{error_name(error.errno)}: attaching "{program.spec.name}" to {interface}: another'
            f" xdp program is attached there. `ip link show {interface}` names it",
            error.errno,
        ) from None


def _interface_index(program: KernelProgram, interface: str) -> int:
    from socket import if_nameindex, if_nametoindex

    try:
        return if_nametoindex(interface)
    except OSError:
        known = ", ".join(name for _, name in if_nameindex())
        raise AttachError(
            f'attaching "{program.spec.name}": no network interface {interface!r} here;'
            f" there are: {known}",
            ENODEV,
        ) from None


def _no_interface(program: KernelProgram) -> NoReturn:
    raise AttachError(
        f'"{program.spec.name}" is an {program.kind.name} program, which runs on a network'
        ' interface: say which, as in `load(…, interface="lo")`'
    )


_ON_INTERFACE = frozenset({"xdp"})
"""Kinds whose hook is a network interface, which their sections do not name."""

_ATTACH: dict[str, Callable[[KernelProgram, str, Tracefs, Fds], None]] = {
    "tracepoint": _tracepoint,
    "raw_tracepoint": _raw_tracepoint,
    "xdp": _xdp,
}
