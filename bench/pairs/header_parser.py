"""Packets per destination port of TCP and UDP, in IPv4 and IPv6, with a VLAN tag or without."""
from kring import Array, Struct, Xdp, XdpAction, array, be16, be32, bits, u8, u16, u64, xdp

ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD
ETH_P_8021Q = 0x8100
ETH_P_8021AD = 0x88A8
TCP = 6
UDP = 17


class Ethernet(Struct):
    dst: bytes = array(6)
    src: bytes = array(6)
    proto: be16


class Vlan(Struct):
    tci: be16
    proto: be16


class IPv4(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    tos: u8
    tot_len: be16
    id: be16
    frag: be16
    ttl: u8
    protocol: u8
    check: u16
    saddr: be32
    daddr: be32


class IPv6(Struct):
    version_class_flow: be32
    length: be16
    next_header: u8
    hop_limit: u8
    saddr: bytes = array(16)
    daddr: bytes = array(16)


class Ports(Struct):
    source: be16
    dest: be16


ports_seen = Array[u64](65_536)


@xdp
def header_parser(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None:
        return XdpAction.PASS
    proto = eth.proto
    if proto == ETH_P_8021Q or proto == ETH_P_8021AD:
        if (tag := packet.read(Vlan)) is None:
            return XdpAction.PASS
        proto = tag.proto
    if proto == ETH_P_IP:
        if (ip := packet.read(IPv4)) is None or ip.ihl < 5:
            return XdpAction.PASS
        transport = ip.protocol
        packet.skip(ip.ihl * 4 - 20)
    elif proto == ETH_P_IPV6:
        if (ip6 := packet.read(IPv6)) is None:
            return XdpAction.PASS
        transport = ip6.next_header
    else:
        return XdpAction.PASS
    if transport != TCP and transport != UDP:
        return XdpAction.PASS
    if (ports := packet.read(Ports)) is None:
        return XdpAction.PASS
    ports_seen[ports.dest] += 1
    return XdpAction.PASS
