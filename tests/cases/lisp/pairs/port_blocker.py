"""Drops TCP packets to a port, and counts them."""

# run: block(data=tcp(80)) -> value=2, blocked=[0]
# run: block(data=tcp(9999), times=2) -> value=1, blocked=[2]
# run: block(data=tcp(9999, 17)) -> value=2, blocked=[0]
from kring import Array, Struct, Xdp, XdpAction, array, be16, u8, u64, xdp

PORT = 9999
IPV4 = 0x0800
TCP = 6


class Headers(Struct):
    dst_mac: bytes = array(6)
    src_mac: bytes = array(6)
    ethertype: be16
    ver_ihl: u8
    tos: u8
    length: be16
    id: be16
    fragment: be16
    ttl: u8
    proto: u8
    checksum: be16
    src: bytes = array(4)
    dst: bytes = array(4)
    src_port: be16
    dst_port: be16
    rest: bytes = array(16)


blocked = Array[u64](1)


def tcp(port: int, proto: int = 6) -> bytes:
    head = bytes(12) + b"\x08\x00" + bytes(9) + bytes([proto]) + bytes(12)
    return head + port.to_bytes(2, "big") + bytes(30)


@xdp
def block(ctx: Xdp) -> XdpAction:
    if (h := ctx.packet.read(Headers)) is None:
        return XdpAction.PASS
    if h.ethertype == IPV4 and h.proto == TCP and h.dst_port == PORT:
        blocked[0] += 1
        return XdpAction.DROP
    return XdpAction.PASS
