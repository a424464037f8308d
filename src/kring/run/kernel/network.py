"""Programs connected to where packets pass: network devices, cgroups, sockets."""

from __future__ import annotations

import os
import struct
from errno import EBADF, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT
from typing import TYPE_CHECKING

from kring.abi.programs import DIRECTIONS
from kring.abi.uapi import AttachType
from kring.errors import AttachError, NotSupported
from kring.run.kernel import syscall
from kring.run.kernel.syscall import bpf_open, error_name

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request

_SO_ATTACH_BPF = 50


def xdp(request: Request) -> None:
    """The program on a device: in its driver if that can run programs, else behind it.

    Since: Linux 5.9, commit aa8d3a716b59 ("bpf, xdp: Add bpf_link-based XDP attachment API").
    """
    interface, index = _interface(request)
    name = request.program.spec.name
    attr = struct.pack("<4I", request.program.fd, index, AttachType.XDP, 0)
    try:
        bpf_open(request.fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno not in (EBUSY, EEXIST):
            raise AttachError(
                f'{error_name(error.errno or 0)}: attaching "{name}" to {interface}:'
                f" {error.strerror}",
                error.errno or 0,
            ) from None
        raise AttachError(
            f'{error_name(error.errno)}: attaching "{name}" to {interface}: another'
            f" xdp program is attached there. `ip link show {interface}` names it",
            error.errno,
        ) from None


def tc(request: Request) -> None:
    """The program behind those that are attached to the device already, each of which decides
    whether it is asked.

    Since: Linux 6.6, commit e420bed02507 ("bpf: Add fd-based tcx multi-prog infra with link
    support").
    """
    interface, index = _interface(request)
    where = request.program.kind.attach_type(request.target or DIRECTIONS[0])
    attr = struct.pack("<4I16x", request.program.fd, index, where, 0)
    try:
        bpf_open(request.fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno != EINVAL:
            raise
        raise NotSupported(
            f'{error_name(EINVAL)}: attaching "{request.program.spec.name}" to {interface}: this'
            " kernel has no TCX links, which Linux 6.6 brought; attach the object by hand:"
            f" tc filter add dev {interface} {request.target or DIRECTIONS[0]} bpf da obj FILE",
            EINVAL,
        ) from None


def cgroup_skb(request: Request) -> None:
    """The program on the sockets of a cgroup's tasks.

    Since: Linux 5.7, commit af6eea57437a ("bpf: Implement bpf_link-based cgroup BPF program
    attachment").
    """
    name, path = request.program.spec.name, request.hook.cgroup
    if path is None:
        raise AttachError(
            f'"{name}" is a cgroup_skb program, which runs for the tasks of a cgroup: say which,'
            ' as in `load(…, cgroup="/sys/fs/cgroup/user.slice")`'
        )
    try:
        directory = request.fds.keep(os.open, path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise AttachError(
            f'{error_name(error.errno or 0)}: attaching "{name}": cgroup {path!r}:'
            f" {error.strerror}",
            error.errno or ENOENT,
        ) from None
    where = request.program.kind.attach_type(request.target or DIRECTIONS[0])
    attr = struct.pack("<4I", request.program.fd, directory, where, 0)
    try:
        bpf_open(request.fds, syscall.LINK_CREATE, attr)
    except OSError as error:
        if error.errno != EBADF:
            raise
        raise AttachError(
            f'{error_name(EBADF)}: attaching "{name}": {path!r} is no directory of a cgroup v2'
            " file system; `mount -t cgroup2` shows where that is",
            EBADF,
        ) from None


def socket_filter(request: Request) -> None:
    """The program on a socket, which keeps it."""
    name, socket = request.program.spec.name, request.hook.socket
    if socket is None:
        raise AttachError(
            f'"{name}" is a socket_filter program, which runs for the packets of a socket: say'
            f" which, as in `s[{name}].attach(socket=sock)`"
        )
    import socket as sockets

    given = sockets.socket(fileno=os.dup(socket))
    try:
        given.setsockopt(sockets.SOL_SOCKET, _SO_ATTACH_BPF, request.program.fd)
    finally:
        given.close()


def _interface(request: Request) -> tuple[str, int]:
    """The network device's name and number."""
    from socket import if_nameindex, if_nametoindex

    program, interface = request.program, request.hook.interface
    if interface is None:
        article = "an" if program.kind.name[0] in "aeioux" else "a"
        raise AttachError(
            f'"{program.spec.name}" is {article} {program.kind.name} program, which runs on a'
            ' network interface: say which, as in `load(…, interface="lo")`'
        )
    try:
        return interface, if_nametoindex(interface)
    except OSError:
        known = ", ".join(name for _, name in if_nameindex())
        raise AttachError(
            f'attaching "{program.spec.name}": no network interface {interface!r} here;'
            f" there are: {known}",
            ENODEV,
        ) from None
