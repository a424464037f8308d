"""The cursor: what reads and skips make of it, on paths and round loops."""
# run: walk(data=pkt(1, 3, 4, 5)) -> value=2, out=[13, 16, 4]
# run: walk(data=pkt(1, 2, 3, 4)) -> value=2, out=[10, 16, 4]
# run: walk(data=pkt(1, 2, 3, 4)[:15]) -> value=2, out=[6, 15, 3]
# run: step(data=pkt(0, 0, 9, 8)) -> value=2, out=[9, 1, 8]
# run: step(data=pkt(0, 4, 9, 8)) -> value=2, out=[8, 1, 0]
# run: step(data=pkt(0, 8, 9, 8)) -> value=2, out=[0, 1, 0]
# run: step(data=pkt(0, 9, 9, 8)) -> value=2, out=[0, 0, 0]
# run: back(data=pkt(1, 2, 3, 4)) -> value=1, out=[0, 0, 0]
# run: past(data=pkt(1, 2, 3, 4)) -> value=1, out=[1, 1, 0]
# run: stays(data=pkt(1, 2, 3, 4)) -> value=2, out=[4, 0]
# run: device(data=pkt(1, 2, 3, 4)) -> value=1
from kring import Array, Packet, Struct, Xdp, XdpAction, be16, u16, u64, xdp


class Four(Struct):
    a: be16
    b: u16


class Long(Struct):
    a: u64
    b: u64


out = Array[u64](4)


def pkt(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") + b"\0\0" for number in numbers)


def take(packet: Packet) -> int:
    if (four := packet.read(Four)) is None:
        return -1
    return four.a


@xdp
def walk(ctx: Xdp) -> XdpAction:
    n = total = 0
    while n < 6:
        v = take(ctx.packet)
        if v < 0:
            break
        n += 1
        total += v
    out[0] = total
    out[1] = len(ctx.packet)
    out[2] = n
    return XdpAction.PASS


@xdp
def step(ctx: Xdp) -> XdpAction:
    packet = ctx.packet
    packet.skip(4)
    if (four := packet.read(Four)) is not None:
        inside = packet.skip(four.a)
        out[0] = value_or_0(packet)
        out[1] = inside
        out[2] = value_or_0(packet)
    return XdpAction.PASS


def value_or_0(packet: Packet) -> int:
    four = packet.read(Four)
    return 0 if four is None else four.a


@xdp
def back(ctx: Xdp) -> XdpAction:
    ctx.packet.read(Four)
    out[0] = ctx.packet.skip(-4)
    out[1] = ctx.packet.skip(0)
    if ctx.packet.read(Four) is not None:
        return XdpAction.PASS
    return XdpAction.DROP


@xdp
def past(ctx: Xdp) -> XdpAction:
    out[0] = ctx.packet.skip(len(ctx.packet))
    out[1] = ctx.packet.skip(0)
    out[2] = ctx.packet.skip(2**63)
    if ctx.packet.read(Four) is not None:
        return XdpAction.PASS
    return XdpAction.DROP


@xdp
def stays(ctx: Xdp) -> XdpAction:
    ctx.packet.skip(12)
    if (long := ctx.packet.read(Long)) is not None:
        out[1] = long.a
    four = ctx.packet.read(Four)
    if four is None:
        return XdpAction.DROP
    out[0] = four.a
    return XdpAction.PASS


@xdp
def device(ctx: Xdp) -> XdpAction:
    return XdpAction.DROP if ctx.ifindex == 1 else XdpAction.PASS
