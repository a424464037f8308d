"""Programs connected to where packets pass: network devices, and the hooks of a namespace."""

from __future__ import annotations

import os
import struct
from errno import E2BIG, EBADF, EBUSY, EEXIST, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, ERANGE
from typing import TYPE_CHECKING

from kring.abi.programs import DIRECTIONS
from kring.abi.uapi import AttachType
from kring.errors import AttachError, NotSupported
from kring.run.kernel.syscall import error_name

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request

_XDP_MODES = {"": 0, "generic": 1 << 1, "native": 1 << 2}
"""XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE."""
_OWN_NAMESPACE = "/proc/self/ns/net"
_FAMILIES = {"ipv4": 2, "ipv6": 10}
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
"""enum nf_inet_hooks, as nft(8) spells them."""


def xdp(request: Request) -> None:
    """The program on a device: in its driver if that can run programs, else behind it.

    Since: Linux 5.9, commit aa8d3a716b59 ("bpf, xdp: Add bpf_link-based XDP attachment API").
    """
    interface, index = _interface(request)
    mode = request.hook.mode
    if mode not in _XDP_MODES:
        known = ", ".join(f'"{mode}"' for mode in _XDP_MODES if mode)
        raise AttachError(f"{request.what()}: mode={mode!r}: there are {known}")
    try:
        request.link(index, AttachType.XDP, flags=_XDP_MODES[mode])
    except OSError as error:
        raise _no_xdp(request, interface, error) from None


def _no_xdp(request: Request, interface: str, error: OSError) -> AttachError | NotSupported:
    errno = error.errno or 0
    what = f'{error_name(errno)}: attaching "{request.program.spec.name}" to {interface}'
    if errno == EOPNOTSUPP:
        return NotSupported(
            f'{what}: its driver runs no xdp programs; mode="generic" runs them behind it', errno
        )
    why = {
        **dict.fromkeys(
            (EBUSY, EEXIST),
            f"another xdp program is attached there. `ip link show {interface}` names it",
        ),
        ERANGE: "its packets may not fit into one piece of memory. Make its MTU smaller, or the"
        " program one that takes them in several (xdp.frags)",
    }
    return AttachError(f"{what}: {why.get(errno, error.strerror)}", errno)


def tc(request: Request) -> None:
    """The program behind those that are attached to the device already, each of which decides
    whether it is asked.

    Since: Linux 6.6, commit e420bed02507 ("bpf: Add fd-based tcx multi-prog infra with link
    support").
    """
    interface, index = _interface(request)
    where = request.program.kind.attach_type(request.target or DIRECTIONS[0])
    try:
        request.link(index, where, bytes(16))
    except OSError as error:
        if error.errno != EINVAL:
            raise
        raise NotSupported(
            f'{error_name(EINVAL)}: attaching "{request.program.spec.name}" to {interface}: this'
            " kernel has no TCX links, which Linux 6.6 brought; attach the object by hand:"
            f" tc filter add dev {interface} {request.target or DIRECTIONS[0]} bpf da obj FILE",
            EINVAL,
        ) from None


def netkit(request: Request) -> None:
    """The program on a pair of netkit devices, named by the primary one.

    Since: Linux 6.7, commit 35dfaad7188c ("netkit, bpf: Add bpf programmable net device").
    """
    interface, index = _interface(request)
    try:
        request.link(index, request.program.kind.attach, bytes(16))
    except OSError as error:
        if error.errno != EINVAL:
            raise
        raise AttachError(
            f"{error_name(EINVAL)}: {request.what()}: {interface} is no netkit device, or this"
            " kernel has none",
            EINVAL,
        ) from None


def namespace(request: Request) -> None:
    """The program for a network namespace, our own if none is named.

    Since: Linux 5.8, commit 7f045a49fee0 ("bpf: Add link-based BPF program attachment to network
    namespace").
    """
    path = request.hook.netns or _OWN_NAMESPACE
    try:
        netns = request.fds.keep(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
        request.link(netns, request.program.kind.attach)
    except OSError as error:
        if error.errno not in (ENOENT, EINVAL, EBADF, E2BIG):
            raise
        why = {
            ENOENT: "there is no such file",
            E2BIG: "another program is attached, which allows none beside it",
        }
        raise AttachError(
            f"{error_name(error.errno)}: {request.what()}: network namespace {path!r}:"
            f" {why.get(error.errno, 'this is none')}",
            error.errno,
        ) from None


def netfilter(request: Request) -> None:
    """The program among netfilter's rules of our own network namespace, by its priority.

    Since: Linux 6.4, commit 84601d6ee68a ("bpf: add bpf_link support for BPF_NETFILTER programs").
    """
    family, _, hook = request.target.partition(":")
    if family not in _FAMILIES or hook not in _HOOKS:
        raise AttachError(
            f"{request.what()}: a target of netfilter is one of {', '.join(_FAMILIES)}, a colon,"
            f' and one of {", ".join(_HOOKS)}, as in "ipv4:input"'
        )
    place = (_FAMILIES[family], _HOOKS.index(hook), request.hook.priority, 0)
    request.link(0, AttachType.NETFILTER, struct.pack("<IIiI", *place))


def _interface(request: Request) -> tuple[str, int]:
    """The network device's name and number."""
    from socket import if_nameindex, if_nametoindex

    program, interface = request.program, request.hook.interface or ""
    try:
        return interface, if_nametoindex(interface)
    except OSError:
        known = ", ".join(name for _, name in if_nameindex())
        raise AttachError(
            f'attaching "{program.spec.name}": no network interface {interface!r} here;'
            f" there are: {known}",
            ENODEV,
        ) from None
