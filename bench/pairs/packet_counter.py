"""Count packets and bytes per IP protocol, per CPU."""

from kring import PerCpuArray, Struct, Xdp, XdpAction, array, be16, be32, u8, u16, u64, xdp

ETH_P_IP = 0x0800


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


class Traffic(Struct):
    packets: u64
    bytes: u64


traffic = PerCpuArray[Traffic](256)


@xdp
def packet_counter(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None:
        return XdpAction.PASS
    t = traffic[ip.protocol]
    t.packets += 1
    t.bytes += len(packet)
    return XdpAction.PASS
