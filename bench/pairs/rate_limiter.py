"""Let each address send so many bytes a second, and some more at once; drop the rest."""
from kring import (
    Global,
    LruHash,
    Struct,
    Xdp,
    XdpAction,
    array,
    be16,
    be32,
    ktime_ns,
    u8,
    u16,
    u64,
    xdp,
)

ETH_P_IP = 0x0800
SECOND_NS = 1_000_000_000
BURST = 1 << 20


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


class Bucket(Struct):
    filled: u64
    bytes: u64


rate = Global[u64](1_000_000)
buckets = LruHash[be32, Bucket](max_entries=65_536)


@xdp
def rate_limiter(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None:
        return XdpAction.PASS
    now = ktime_ns()
    size = len(packet)
    if (bucket := buckets.get(ip.saddr)) is None:
        buckets[ip.saddr] = Bucket(filled=now, bytes=BURST - size)
        return XdpAction.PASS
    room = bucket.bytes + (now - bucket.filled) * rate.value // SECOND_NS
    if room > BURST:
        room = BURST
    bucket.filled = now
    if room < size:
        bucket.bytes = room
        return XdpAction.DROP
    bucket.bytes = room - size
    return XdpAction.PASS
