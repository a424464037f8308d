"""Packets that programs are timed with: the kinds a server meets, each as it would come."""

from __future__ import annotations

from struct import pack

_MACS = bytes.fromhex("020000000001020000000002")
_VLAN = pack(">HH", 0x8100, 42)
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_ICMP, _TCP, _UDP = 1, 6, 17
_SYN, _ACK = 0x02, 0x10


def _ipv4(protocol: int, payload: bytes) -> bytes:
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    head = pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0) + addresses
    total = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, 20, 2))
    check = 0xFFFF - (total & 0xFFFF) - (total >> 16)
    return _IPV4 + head[:10] + check.to_bytes(2, "big") + head[12:] + payload


def _ipv6(protocol: int, payload: bytes) -> bytes:
    head = pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return _IPV6 + head + bytes(15) + b"\x01" + bytes(15) + b"\x02" + payload


def _tcp(flags: int, data: bytes = b"") -> bytes:
    return pack(">HHIIBBHHH", 40_000, 443, 1, 2, 5 << 4, flags, 64_240, 0, 0) + data


def _udp(port: int, data: bytes) -> bytes:
    return pack(">HHHH", 40_001, port, 8 + len(data), 0) + data


_QUERY = pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\x07example\x03org\x00" + pack(">HH", 1, 1)

PACKETS = tuple(
    _MACS + rest
    for rest in (
        _ipv4(_TCP, _tcp(_SYN)),
        _ipv4(_TCP, _tcp(_ACK, bytes(1200))),
        _ipv4(_UDP, _udp(53, _QUERY)),
        _ipv4(_ICMP, pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(56)),
        _VLAN + _ipv4(_TCP, _tcp(_SYN)),
        _ipv6(_TCP, _tcp(_SYN)),
        _ipv6(_UDP, _udp(53, _QUERY)),
    )
)
"""SYN, data, a DNS query and a ping in IPv4; a SYN behind a VLAN tag; a SYN and a query in IPv6."""
