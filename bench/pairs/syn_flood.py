"""Drop further SYNs of an address that sent more than a hundred within a second."""
from kring import LruHash, Struct, Xdp, XdpAction, array, be16, be32, ktime_ns, u8, u16, u64, xdp

ETH_P_IP = 0x0800
TCP = 6
SYN = 0x02
ACK = 0x10
LIMIT = 100
WINDOW_NS = 1_000_000_000


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


class Tcp(Struct):
    source: be16
    dest: be16
    seq: be32
    ack_seq: be32
    offset: u8
    flags: u8
    window: be16
    check: u16
    urgent: be16


class Syns(Struct):
    since: u64
    count: u64


seen = LruHash[be32, Syns](max_entries=65_536)


@xdp
def syn_flood(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None or ip.version_ihl != 0x45 or ip.protocol != TCP:
        return XdpAction.PASS
    if (tcp := packet.read(Tcp)) is None or tcp.flags & (SYN | ACK) != SYN:
        return XdpAction.PASS
    now = ktime_ns()
    if (syns := seen.get(ip.saddr)) is None:
        seen[ip.saddr] = Syns(since=now, count=1)
        return XdpAction.PASS
    if now - syns.since > WINDOW_NS:
        syns.since = now
        syns.count = 1
        return XdpAction.PASS
    syns.count += 1
    return XdpAction.DROP if syns.count > LIMIT else XdpAction.PASS
