"""The headers of packets that every program knows, and the names of all forms on packets.

In:  nothing. Out: names, which cost nothing until the first of them is used; `packets` has the
     rows behind them. A file's own definitions of the same names take their place.
"""

from __future__ import annotations

from collections.abc import Mapping

HEADERS: Mapping[str, str] = {
    "eth": "dst-mac-hi 0 u32, dst-mac-lo 4 u16, src-mac-hi 6 u32, src-mac-lo 10 u16, type 12 u16*",
    "ipv4": "ver-ihl 0 u8, tos 1 u8, total-len 2 u16*, id 4 u16*, frag-off 6 u16*, ttl 8 u8, "
    "protocol 9 u8, checksum 10 u16, src-addr 12 u32, dst-addr 16 u32",
    "ipv6": "ver-tc-flow 0 u32*, payload-len 4 u16*, nexthdr 6 u8, hop-limit 7 u8, "
    "src-addr-hi 8 u64, src-addr-lo 16 u64, dst-addr-hi 24 u64, dst-addr-lo 32 u64",
    "icmp": "type 0 u8, code 1 u8, checksum 2 u16, rest 4 u32",
    "tcp": "src-port 0 u16*, dst-port 2 u16*, seq 4 u32*, ack-seq 8 u32*, data-off 12 u8, "
    "flags 13 u8, window 14 u16*, checksum 16 u16, urgent 18 u16*",
    "udp": "src-port 0 u16*, dst-port 2 u16*, length 4 u16*, checksum 6 u16",
}
"""Name, offset and type of each header's fields; those with `*` are read in the network's order."""

PROTOCOLS = "eth", "ipv4", "tcp", "udp"
"""Headers that a form finds in a packet."""

LIBRARY: frozenset[str] = frozenset({
    *(f"{header}-{field.split(' ', 1)[0]}" for header, fields in HEADERS.items()
      for field in fields.split(", ")),
    *(f"{form}-{header}" for header in PROTOCOLS for form in ("with", "with-tc", "parse")),
    "with-packet", "with-tc-packet",
})  # fmt: skip
