"""conn_log.lisp as it is: connections that begin are logged, whatever else a packet may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import pack, unpack
from typing import Any

import pytest

import kring
from kring import Kernel, Vm, XdpAction, load

PROGRAM = Path(__file__).parents[2] / "examples" / "conn_log.lisp"
SYN, ACK, FIN = 2, 16, 1
ADDRESSES = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 250))
TARGETS = [
    pytest.param(Vm, id="vm"),
    pytest.param(Kernel, id="kernel", marks=pytest.mark.kernel),
]


def packet(flags: int, port: int, protocol: int = 6, kind: int = 0x0800) -> bytes:
    ethernet = bytes(12) + pack("!H", kind)
    ip = pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, protocol, 0, *ADDRESSES)
    return ethernet + ip + pack("!HHIIBBHHH", 40000, port, 0, 0, 0x50, flags, 0, 0, 0)


@pytest.mark.parametrize("on", TARGETS)
def test_connections_that_begin_are_logged(on: Callable[[], Any]) -> None:
    obj = kring.open(PROGRAM)
    others = (
        packet(SYN | ACK, 1), packet(FIN, 2), packet(SYN, 3, protocol=17),
        packet(SYN, 4, kind=0x86DD), packet(SYN, 5)[:53],
    )  # fmt: skip
    with load(obj, on=on(), attach=False) as s:
        program = s[obj["log-connections"]]
        for one in (*others, packet(SYN, 443), packet(SYN, 65535)):
            assert program.run(one).value == XdpAction.PASS
        seen = s[obj["events"]].poll(0)
        assert s[obj["events"]].dropped == 0
    ours, theirs = (unpack("=I", address)[0] for address in ADDRESSES)
    made = obj.structs["conn-event"]
    assert seen == [
        made(src_addr=ours, dst_addr=theirs, dst_port=port, proto=6) for port in (443, 65535)
    ]
