"""How far each TCP connection is, kept in bit fields: handshake, close, a packet count."""
from kring import LruHash, Struct, Xdp, XdpAction, array, be16, be32, bits, u8, u16, u32, xdp

ETH_P_IP = 0x0800
TCP = 6


class Ethernet(Struct):
    dst: bytes = array(6)
    src: bytes = array(6)
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


class Tcp(Struct):
    source: be16
    dest: be16
    seq: be32
    ack_seq: be32
    reserved: u16 = bits(4)
    offset: u16 = bits(4)
    fin: u16 = bits(1)
    syn: u16 = bits(1)
    rst: u16 = bits(1)
    psh: u16 = bits(1)
    ack: u16 = bits(1)
    urg: u16 = bits(1)
    ece: u16 = bits(1)
    cwr: u16 = bits(1)
    window: be16
    check: u16
    urgent: be16


class Progress(Struct):
    opened: u32 = bits(1)
    closed: u32 = bits(1)
    offset: u32 = bits(4)
    resets: u32 = bits(6)
    packets: u32 = bits(20)


connections = LruHash[be32, Progress](max_entries=65_536)


@xdp
def bit_fields(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None or ip.ihl != 5 or ip.protocol != TCP:
        return XdpAction.PASS
    if (tcp := packet.read(Tcp)) is None or tcp.offset < 5:
        return XdpAction.PASS
    if (p := connections.get(ip.saddr)) is None:
        connections[ip.saddr] = Progress(
            opened=tcp.syn,
            closed=tcp.fin,
            offset=tcp.offset,
            resets=tcp.rst,
            packets=1,
        )
        return XdpAction.PASS
    if tcp.syn:
        p.opened = 1
    if tcp.fin or tcp.rst:
        p.closed = 1
    if tcp.rst:
        p.resets = p.resets + 1
    p.offset = tcp.offset
    p.packets = p.packets + 1
    return XdpAction.PASS
