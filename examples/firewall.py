"""Count packets per source address and drop UDP to one port."""
import sys
from time import sleep

from kring import (
    Global,
    Hash,
    Struct,
    Xdp,
    XdpAction,
    array,
    be16,
    be32,
    bits,
    load,
    u8,
    u16,
    u64,
    xdp,
)

ETH_P_IP = 0x0800
UDP = 17


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


class Udp(Struct):
    sport: be16
    dport: be16
    length: be16
    check: u16


class Traffic(Struct):
    packets: u64
    bytes: u64


traffic = Hash[be32, Traffic](max_entries=65_536)
blocked = Global[u16](9999)


@xdp
def firewall(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or eth.proto != ETH_P_IP:
        return XdpAction.PASS
    if (ip := packet.read(IPv4)) is None:
        return XdpAction.PASS

    if (t := traffic.get(ip.saddr)) is not None:
        t.packets += 1
        t.bytes += len(packet)
    else:
        traffic[ip.saddr] = Traffic(packets=1, bytes=len(packet))

    packet.skip(ip.ihl * 4 - 20)
    if ip.protocol == UDP and (udp := packet.read(Udp)) is not None and udp.dport == blocked.value:
        return XdpAction.DROP
    return XdpAction.PASS


if __name__ == "__main__":
    with load(firewall, interface=sys.argv[1] if len(sys.argv) > 1 else "lo") as s:
        while True:
            sleep(1)
            for addr, t in sorted(s[traffic].items(), key=lambda kv: -kv[1].bytes)[:10]:
                print(f"{addr:#010x}  {t.packets:>8} packets  {t.bytes:>10} bytes", flush=True)
