"""What programs on packets are given and give back."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from kring.decl.inside import only_inside
from kring.decl.struct import Struct
from kring.decl.types import be16, be32, u32, u64

S = TypeVar("S", bound=Struct)


class XdpAction(IntEnum):
    """What becomes of the packet. See: enum xdp_action."""

    ABORTED = 0
    DROP = 1
    PASS = 2
    TX = 3
    REDIRECT = 4


class TcAction(IntEnum):
    """What becomes of the packet: a program attached by a TCX link decides with OK, SHOT and
    REDIRECT, and by any other lets the next program decide. See: TC_ACT_UNSPEC and the like.
    """

    UNSPEC = -1
    OK = 0
    RECLASSIFY = 1
    SHOT = 2
    PIPE = 3
    STOLEN = 4
    QUEUED = 5
    REPEAT = 6
    REDIRECT = 7
    TRAP = 8


class CgroupAction(IntEnum):
    """What becomes of the packet of a task in the cgroup."""

    DROP = 0
    ALLOW = 1


class Packet:
    """A packet, read from its first byte on at a cursor that moves."""

    __slots__ = ()

    def read(self, header: type[S], /) -> S | None:
        """In a program: the header at the cursor, which moves behind it; None if the packet ends
        before that, and the cursor stays.

        In xdp and tc programs the header is the packet's own memory, elsewhere a copy that cannot
        be written. All of a packet is seen: of one that is in pieces, tc programs first have as
        much put together as they read.
        """
        only_inside("packet.read()")

    def skip(self, n: int, /) -> bool:
        """In a program: move the cursor `n` bytes on; true if it stayed inside the packet.

        A negative `n`, or one that leads out of the packet, exhausts it: later reads are None.
        """
        only_inside("packet.skip()")

    def __len__(self) -> int:
        """In a program: bytes of the whole packet, wherever the cursor is."""
        only_inside("len(packet)")


class Xdp:
    """A packet as a network device received it: `ifindex` is the number of that device,
    `rx_queue_index` of its queue. See: struct xdp_md.
    """

    __slots__ = ()
    packet: Packet
    ifindex: u32
    rx_queue_index: u32


class Skb:
    """A packet on its way through the network stack. See: struct __sk_buff.

    A tc program may assign to `mark`, `priority`, `queue_mapping`, `tc_index`, `tc_classid` and
    `tstamp`, a cgroup_skb program to `mark`, `priority` and `tstamp`.
    """

    packet: Packet
    len: u32
    pkt_type: u32
    mark: u32
    queue_mapping: u32
    protocol: be16
    vlan_present: u32
    vlan_tci: u32
    vlan_proto: be16
    priority: u32
    ingress_ifindex: u32
    ifindex: u32
    tc_index: u32
    hash: u32
    tc_classid: u32
    napi_id: u32
    family: u32
    remote_ip4: be32
    local_ip4: be32
    remote_port: be32
    local_port: u32
    tstamp: u64
    wire_len: u32
    gso_segs: u32
    gso_size: u32
