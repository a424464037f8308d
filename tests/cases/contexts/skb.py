"""Packets of the network stack: fields of the context, and headers in the packet's own memory."""
# run: fields(data=bytes(12) + b"\x08\x00" + bytes(50)) -> value=2, out=[64, 0x0800, 0, 0, 1]
# run: fields(data=bytes(12) + b"\x81\x00" + bytes(50), ctx=(bytes(8) + (7).to_bytes(4, "little") + bytes(20) + (3).to_bytes(4, "little")).ljust(192, b"\0")) -> value=2, out=[64, 0x8100, 7, 3, 1]
# run: written(data=bytes(64), ctx=(bytes(8) + (7).to_bytes(4, "little")).ljust(192, b"\0")) -> value=0, out=[9, 3, 10, 4]
# run: swap(data=bytes(range(20))) -> value=0, data=bytes([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]) + bytes(range(12, 20))
# run: headers(data=bytes(14) + b"\x45" + bytes(19) + b"\x00\x35" + bytes(30)) -> value=2, out=[5, 53, 66]
# run: headers(data=bytes(14) + b"\x47" + bytes(27) + b"\x00\x35" + bytes(30)) -> value=2, out=[7, 53, 74]
# run: headers(data=bytes(14) + b"\x4f" + bytes(19) + bytes(20)) -> value=0, out=[15, 0]
# run: walk(data=bytes(14) + bytes([2, 0, 5, 0, 0, 0, 0, 3, 0, 0, 9])) -> value=0, out=[5, 5, 25]
from kring import Array, Skb, Struct, TcAction, array, be16, bits, tc, u8, u64


class Ethernet(Struct):
    dst: bytes = array(6)
    src: bytes = array(6)
    proto: be16


class Half(Struct):
    a: be16
    b: be16
    c: be16


class Ends(Struct):
    dst: Half
    src: Half


class Head(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    rest: bytes = array(19)


class Udp(Struct):
    port: be16


class Option(Struct):
    skip: u8


out = Array[u64](8)


@tc
def fields(ctx: Skb) -> TcAction:
    out[0] = ctx.len
    out[1] = ctx.protocol
    out[2] = ctx.mark
    out[3] = ctx.priority
    out[4] = ctx.ifindex
    return TcAction.SHOT


@tc("egress")
def written(ctx: Skb) -> TcAction:
    ctx.mark = 9
    ctx.priority += 3
    out[0] = ctx.mark
    out[1] = ctx.priority
    ctx.mark |= 2
    ctx.mark -= 1
    out[2] = ctx.mark
    ctx.tc_index = 4
    out[3] = ctx.tc_index
    return TcAction.OK


@tc
def swap(ctx: Skb) -> TcAction:
    if (ends := ctx.packet.read(Ends)) is None:
        return TcAction.SHOT
    a = ends.dst.a
    b = ends.dst.b
    c = ends.dst.c
    ends.dst = ends.src
    ends.src.a = a
    ends.src.b = b
    ends.src.c = c
    return TcAction.OK


@tc
def headers(ctx: Skb) -> TcAction:
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None or (ip := packet.read(Head)) is None:
        return TcAction.SHOT
    out[0] = ip.ihl
    packet.skip(ip.ihl * 4 - 20)
    if (udp := packet.read(Udp)) is None:
        return TcAction.OK
    out[0] = ip.ihl + eth.proto
    out[1] = udp.port
    out[2] = len(packet)
    return TcAction.SHOT


@tc
def walk(ctx: Skb) -> TcAction:
    """Headers that were read before a loop, and in the round before, stay what they were."""
    packet = ctx.packet
    if (eth := packet.read(Ethernet)) is None:
        return TcAction.SHOT
    last = packet.read(Option)
    if last is None:
        return TcAction.SHOT
    n = 0
    total = 0
    while n < 10:
        packet.skip(last.skip)
        option = packet.read(Option)
        if option is None:
            break
        total += option.skip + last.skip + eth.proto
        last = option
        n += 1
    out[0] = n
    out[1] = total
    out[2] = len(packet)
    return TcAction.OK
