"""Programs that get copies of headers: packets begin behind the Ethernet header."""
# run: sent(data=bytes(12) + b"\x08\0" + bytes([0x46, 0, 0, 30]) + bytes(20) + b"\0\x35") -> value=0, out=[26, 6, 53, 0x0800, 30]
# run: sent(data=bytes(12) + b"\x08\0" + bytes([0x46, 0, 0, 30]) + bytes(20) + b"\0\x50") -> value=1, out=[26, 6, 80, 0x0800, 30]
# run: sent(data=bytes(12) + b"\x08\0" + bytes([0x46, 0, 0, 30]) + bytes(20) + b"\0") -> value=1, out=[25, 0, 0, 0, 30]
# run: sent(data=bytes(14) + bytes(3)) -> value=0, out=[3, 0]
# run: marked(data=bytes(20), ctx=(bytes(8) + (5).to_bytes(4, "little")).ljust(192, b"\0")) -> value=1, out=[6, 3]
# run: kept(data=bytes(14) + bytes([1, 2, 3, 4, 5, 6, 7, 8])) -> value=20, out=[8, 1, 5, 5, 6, 7, 0]
# run: kept(data=bytes(14) + bytes([1, 2, 3, 4, 5, 6, 7])) -> value=20, out=[7, 1, 0, 1, 2, 3, 0]
# run: pairs(data=bytes(14) + bytes([7, 1, 3, 2])) -> value=2, out=[((1 + 3 + 2) * 16) + (7 + 1 + 7) + (7 << 12) * 3]
# run: several(data=bytes(14) + bytes(range(1, 11))) -> value=55, out=[10]
from kring import Array, CgroupAction, Skb, Struct, array, be16, bits, cgroup_skb, socket_filter, u8, u64


class Head(Struct):
    ihl: u8 = bits(4)
    version: u8 = bits(4)
    tos: u8
    length: be16
    rest: bytes = array(16)


class Port(Struct):
    port: be16


class Four(Struct):
    a: u8
    b: u8
    c: u8
    d: u8


class One(Struct):
    n: u8


out = Array[u64](8)


@cgroup_skb("egress")
def sent(ctx: Skb) -> CgroupAction:
    packet = ctx.packet
    out[0] = len(packet)
    if (head := packet.read(Head)) is None:
        return CgroupAction.DROP
    out[4] = head.length
    packet.skip(head.ihl * 4 - 20)
    if (port := packet.read(Port)) is None:
        return CgroupAction.ALLOW
    out[1] = head.ihl
    out[2] = port.port
    out[3] = ctx.protocol
    return CgroupAction.DROP if port.port == 53 else CgroupAction.ALLOW


@cgroup_skb
def marked(ctx: Skb) -> int:
    ctx.mark += 1
    ctx.priority = 3
    out[0] = ctx.mark
    out[1] = ctx.priority
    return ctx.mark


@socket_filter
def kept(ctx: Skb) -> int:
    """Both copies are there at once; a read that fails leaves the cursor."""
    packet = ctx.packet
    out[0] = ctx.len
    first = packet.read(Four)
    if first is None:
        return 0
    second = packet.read(Four)
    out[1] = first.a
    out[2] = second.a if second is not None else 0
    third = second if second is not None else first
    out[3] = third.a
    out[4] = third.b
    out[5] = third.c
    if packet.read(Four) is not None:
        out[6] = 1
    return 20


@socket_filter
def several(ctx: Skb) -> int:
    total = 0
    n = 0
    for i in range(16):
        one = ctx.packet.read(One)
        if one is None:
            break
        total += one.n
        n += 1
    out[0] = n
    return total


@socket_filter
def pairs(ctx: Skb) -> int:
    """The header of the round before stays what it was when the next one is read."""
    last = ctx.packet.read(One)
    if last is None:
        return 0
    first = last
    total = 0
    for i in range(8):
        one = ctx.packet.read(One)
        if one is None:
            break
        total += one.n * 16 + last.n + (first.n << 12)
        last = one if one.n != 3 else first
    out[0] = total
    return last.n
