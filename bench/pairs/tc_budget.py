"""Let each address be sent so many bytes, marked with their class of service; then no more."""
from kring import (
    Global,
    LruHash,
    Skb,
    Struct,
    TcAction,
    array,
    atomic,
    be16,
    be32,
    tc,
    u8,
    u16,
    u64,
)

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


most = Global[u64](1 << 30)
sent = LruHash[be32, u64](max_entries=65_536)


@tc("egress")
def tc_budget(ctx: Skb) -> TcAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return TcAction.OK
    if (ip := packet.read(IPv4)) is None:
        return TcAction.OK
    ctx.mark = ip.tos >> 2
    before = atomic.fetch_add(sent[ip.daddr], ctx.len)
    return TcAction.SHOT if before > most.value else TcAction.OK
