"""Headers are the packet's own memory: read, written, keys and values of maps."""
# run: swap(data=bytes(range(20))) -> value=3, data=bytes([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 0x0C, 0x0E]) + bytes(range(14, 20))
# run: count(data=bytes([0x45, 1, 0, 7]) + bytes(12), times=2) -> value=2, seen={7: 2}, shapes={Shape(version=4, ihl=5): 1}, kept=[0x145]
from kring import Array, Hash, Struct, Xdp, XdpAction, be16, bits, u8, u16, u32, u64, xdp


class Half(Struct):
    a: u16
    b: u16
    c: u16


class Ethernet(Struct):
    dst: Half
    src: Half
    proto: be16


class Head(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    tos: u8
    length: be16


class Shape(Struct):
    version: u8
    ihl: u8


seen = Hash[u32, u64](max_entries=4)
shapes = Hash[Shape, u32](max_entries=4)
kept = Array[u64](1)


@xdp
def swap(ctx: Xdp) -> XdpAction:
    if (eth := ctx.packet.read(Ethernet)) is None:
        return XdpAction.ABORTED
    a = eth.dst.a
    b = eth.dst.b
    c = eth.dst.c
    eth.dst = eth.src
    eth.src.a = a
    eth.src.b = b
    eth.src.c = c
    eth.proto += 1
    return XdpAction.TX


@xdp
def count(ctx: Xdp) -> XdpAction:
    if (head := ctx.packet.read(Head)) is not None:
        seen[head.length] += 1
        shapes[Shape(version=head.version, ihl=head.ihl)] = head.tos
        kept[0] = head.tos * 256 + head.version * 16 + head.ihl
    return XdpAction.PASS
