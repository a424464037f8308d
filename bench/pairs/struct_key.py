"""Packets and bytes of each flow: two addresses, two ports, one protocol."""
from kring import Hash, Struct, Xdp, XdpAction, array, be16, be32, u8, u16, u64, xdp

ETH_P_IP = 0x0800
TCP = 6
UDP = 17


class Ethernet(Struct):
    dst: bytes = array(6)
    src: bytes = array(6)
    proto: be16


class IPv4(Struct):
    version_ihl: u8
    tos: u8
    tot_len: be16
    id: be16
    frag: be16
    ttl: u8
    protocol: u8
    check: u16
    saddr: be32
    daddr: be32


class Ports(Struct):
    source: be16
    dest: be16


class Flow(Struct):
    saddr: be32
    daddr: be32
    sport: be16
    dport: be16
    protocol: u8


class Traffic(Struct):
    packets: u64
    bytes: u64


flows = Hash[Flow, Traffic](max_entries=65_536)


@xdp
def struct_key(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None or ip.version_ihl != 0x45:
        return XdpAction.PASS
    if ip.protocol != TCP and ip.protocol != UDP:
        return XdpAction.PASS
    if (ports := packet.read(Ports)) is None:
        return XdpAction.PASS
    flow = Flow(
        saddr=ip.saddr,
        daddr=ip.daddr,
        sport=ports.source,
        dport=ports.dest,
        protocol=ip.protocol,
    )
    if (t := flows.get(flow)) is not None:
        t.packets += 1
        t.bytes += len(packet)
    else:
        flows[flow] = Traffic(packets=1, bytes=len(packet))
    return XdpAction.PASS
