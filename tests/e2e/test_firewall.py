"""A packet program on a real device: a veth pair in a network namespace of the test's own."""

from __future__ import annotations

import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kring
from kring.errors import AttachError, NotPermitted

PROGRAM = Path(__file__).parent.parent.parent / "examples" / "firewall.py"
BLOCKED = 9999

pytestmark = pytest.mark.kernel


@pytest.fixture
def firewall() -> dict[str, Any]:
    return runpy.run_path(str(PROGRAM))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


def test_blocked_port_is_dropped_and_counts_are_exact() -> None:
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("ip (iproute2) and unshare make the devices; they are not here")
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("this process may not make a network namespace")
    done = subprocess.run(
        ["unshare", "-n", sys.executable, __file__], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def in_namespace() -> None:
    """Datagrams sent out of one end of the pair, watched and dropped at the other."""
    ip("link", "add", "kr0", "type", "veth", "peer", "name", "kr1")
    for device in ("kr0", "kr1"):
        Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6").write_text("1")
        ip("link", "set", device, "up")
    names = runpy.run_path(str(PROGRAM))
    program, traffic, blocked = (names[n] for n in ("firewall", "traffic", "blocked"))
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    packet.bind(("kr0", 0))
    seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    seen.bind(("kr1", 0))
    seen.setblocking(False)
    sizes = [datagram(port, size) for port, size in ((BLOCKED, 10), (53, 20), (53, 30), (80, 0))]
    with kring.load(program, interface="kr1") as s:
        for one in sizes * 5:
            packet.send(one)
        assert arrived(seen) == [53, 53, 80] * 5
        source = 0x0A000001
        found = dict(s[traffic].items())
        assert list(found) == [source]
        assert found[source].packets == 20
        assert found[source].bytes == 5 * sum(map(len, sizes))
        s[blocked].value = 53
        for one in sizes:
            packet.send(one)
        assert arrived(seen) == [BLOCKED, 80]
        other = kring.load(program, interface="kr1")
        with pytest.raises(AttachError, match="another xdp program is attached there"):
            other.__enter__()
    packet.send(sizes[1])
    assert arrived(seen) == [53]


def datagram(port: int, size: int) -> bytes:
    """An Ethernet frame with a UDP datagram in it, options in its IP header."""
    options = bytes(8)
    udp = b"".join(n.to_bytes(2, "big") for n in (1234, port, 8 + size, 0)) + bytes(size)
    total = 20 + len(options) + len(udp)
    ihl = 5 + len(options) // 4
    head = bytes([0x40 | ihl, 0]) + total.to_bytes(2, "big") + bytes(4) + bytes([64, 17, 0, 0])
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    return b"\xff" * 6 + bytes(6) + b"\x08\0" + head + addresses + options + udp


def arrived(seen: socket.socket) -> list[int]:
    """Destination ports of what came through; delivery over veth is done when `send` returns or
    soon after."""
    found: list[int] = []
    seen.settimeout(0.3)
    while True:
        try:
            frame = seen.recv(2048)
        except TimeoutError:
            return found
        at = 14 + (frame[14] & 15) * 4
        if frame[12:14] == b"\x08\0":
            found.append(int.from_bytes(frame[at + 2 : at + 4], "big"))


def test_interface_that_is_not_there(firewall: dict[str, Any]) -> None:
    session = kring.load(firewall["firewall"], interface="kr9")
    try:
        with pytest.raises(AttachError, match=r"no network interface 'kr9' here; there are: .*lo"):
            session.__enter__()
    except NotPermitted as error:
        pytest.skip(str(error))


if __name__ == "__main__":
    in_namespace()
