"""Programs connected to sockets: to one, or to all that are in a map."""

from __future__ import annotations

import os
import socket as sockets
from errno import EINVAL
from typing import TYPE_CHECKING

from kring.abi.programs import parse_section
from kring.abi.uapi import AttachType, MapType, ProgType
from kring.errors import AttachError, NotSupported
from kring.run.kernel.syscall import error_name

if TYPE_CHECKING:
    from kring.run.kernel.attach import Request

_SO_ATTACH_BPF = 50
_SO_ATTACH_REUSEPORT_EBPF = 52


def socket(request: Request) -> None:
    """The program on a socket, which keeps it: it filters what is received, or chooses among the
    sockets that share a port."""
    filters = request.program.kind.type == ProgType.SOCKET_FILTER
    assert request.hook.socket is not None
    given = sockets.socket(fileno=os.dup(request.hook.socket))
    try:
        option = _SO_ATTACH_BPF if filters else _SO_ATTACH_REUSEPORT_EBPF
        given.setsockopt(sockets.SOL_SOCKET, option, request.program.fd)
    finally:
        given.close()


def socket_map(request: Request) -> None:
    """The program on the data of all sockets that come into a map; they keep it.

    Since: Linux 6.10.
    """
    fd, where = _map(request), _where(request)
    try:
        request.link(fd, where)
    except OSError as error:
        if error.errno != EINVAL:
            raise
        raise NotSupported(
            f"{error_name(EINVAL)}: {request.what()}: this kernel has no links to maps of sockets,"
            " which Linux 6.10 brought, or the map has a program of this kind",
            EINVAL,
        ) from None


def _where(request: Request) -> AttachType:
    """What of the sockets' data the program sees; for `sk_skb` alone the target says it."""
    program = request.program
    if program.kind.attach:
        return program.kind.attach
    try:
        return parse_section(f"{program.spec.section}/{request.hook.target}")[0].attach
    except KeyError:
        raise AttachError(
            f"{request.what()}: section {program.spec.section!r} does not say what the program"
            ' decides: name it, as in `attach(map=…, target="verdict")`; it is "stream_parser",'
            ' "stream_verdict" or "verdict"'
        ) from None


def _map(request: Request) -> int:
    """The descriptor of the map of sockets that is named."""
    named, maps = request.hook.map, request.around.maps
    if isinstance(named, int):
        return named
    kinds = (MapType.SOCKMAP, MapType.SOCKHASH)
    known = {name: live.fd for name, live in maps.items() if live.spec.type in kinds}
    if named in known:
        return known[named]
    raise AttachError(
        f"{request.what()}: {named!r} is no map of sockets; the object has:"
        f" {', '.join(known) or 'none'}"
    )
