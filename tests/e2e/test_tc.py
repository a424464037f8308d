"""tc programs on a veth pair in a network namespace of the test's own, one packet in pieces."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys

import pytest

from kring import Array, Skb, Struct, TcAction, array, be16, be32, bits, load, tc, u8, u16, u64
from kring.errors import AttachError

pytestmark = pytest.mark.kernel

PORT = 5050


class Ethernet(Struct):
    dst: bytes = array(6)
    src: bytes = array(6)
    proto: be16


class IPv4(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    tos: u8
    length: be16
    rest: bytes = array(5)
    protocol: u8
    check: u16
    source: be32
    target: be32


class Tcp(Struct):
    source: be16
    target: be16
    numbers: bytes = array(8)
    reserved: u8 = bits(4)
    size: u8 = bits(4)
    flags: u8
    rest: bytes = array(6)


class Tail(Struct):
    number: be32


results = Array[u64](8)


@tc("egress")
def outgoing(ctx: Skb) -> TcAction:
    """Read the last bytes of each TCP packet, where the stack has it in pieces."""
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != 0x0800:
        return TcAction.OK
    if (ip := packet.read(IPv4)) is None or ip.protocol != 6:
        return TcAction.OK
    packet.skip(ip.ihl * 4 - 20)
    if (tcp := packet.read(Tcp)) is None or tcp.target != PORT:
        return TcAction.OK
    payload = ip.length - ip.ihl * 4 - tcp.size * 4
    if payload < 4:
        return TcAction.OK
    results[0] += 1
    packet.skip(tcp.size * 4 - 20 + payload - 4)
    if (tail := packet.read(Tail)) is None:
        results[1] += 1
        return TcAction.OK
    results[2] = tail.number
    results[3] = tcp.target
    results[4] = ip.length
    results[5] = eth.proto
    return TcAction.OK


@tc
def incoming(ctx: Skb) -> TcAction:
    packet = ctx.packet
    if packet.read(Ethernet) is None or (ip := packet.read(IPv4)) is None:
        return TcAction.OK
    if ip.protocol != 17:
        return TcAction.OK
    results[6] += 1
    return TcAction.SHOT if ctx.mark == 0 else TcAction.OK


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


def test_packets_of_a_device() -> None:
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("ip (iproute2) and unshare make the devices; they are not here")
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("this process may not make a network namespace")
    done = subprocess.run(
        ["unshare", "-n", sys.executable, __file__], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def in_namespace() -> None:
    ip("link", "set", "lo", "up")
    listener = socket.create_server(("127.0.0.1", PORT))
    with load(outgoing, incoming, interface="lo") as s:
        client = socket.create_connection(("127.0.0.1", PORT))
        server, _ = listener.accept()
        lengths: list[int] = []
        for size in (4, 1000, 20_000, 60_000):
            data = bytes(size - 4) + (0xABCD0000 + size).to_bytes(4, "big")
            client.sendall(data)
            got = b""
            while len(got) < size:
                got += server.recv(size - len(got))
            assert got == data
            assert s[results][1] == 0
            assert s[results][2] == 0xABCD0000 + size
            assert (s[results][3], s[results][5]) == (PORT, 0x0800)
            lengths.append(s[results][4])
        assert max(lengths) > 10_000
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.sendto(b"hello", receiver.getsockname())
        with pytest.raises(TimeoutError):
            receiver.recv(10)
        assert s[results][6] == 1
        client.close()
        server.close()
    sender.sendto(b"again", receiver.getsockname())
    assert receiver.recv(10) == b"again"
    for each in (listener, receiver, sender):
        each.close()


def test_interface_that_is_not_there() -> None:
    session = load(incoming, interface="kr9")
    with pytest.raises(AttachError, match=r"no network interface 'kr9' here; there are: .*lo"):
        session.__enter__()


if __name__ == "__main__":
    in_namespace()
