"""Helpers on packets of the network stack: bytes by offset, sums, and room for more."""

# engines: vm kernel

from kring import Array, Skb, Struct, TcAction, cgroup_skb, helpers, sizeof, tc, u32, u64


class Tail(Struct):
    a: u32
    b: u32


out = Array[u64](6)


# run: bytes_at(data=bytes(range(64))) -> out=[0, 0x1312_1110, 0x1716_1514, 2**64 - 14, 0], value=0
@tc
def bytes_at(ctx: Skb) -> TcAction:
    tail = Tail()
    out[0] = helpers.skb_load_bytes(ctx, 16, tail, sizeof(Tail))
    out[1] = tail.a
    out[2] = tail.b
    out[3] = helpers.skb_load_bytes(ctx, 60, tail, 8)
    out[4] = tail.a
    return TcAction.OK


# run: store(data=bytes(20)) -> data=bytes(14) + b"\x01\0\0\0" + bytes(2), out=[0, 2**64 - 14], value=0
@tc
def store(ctx: Skb) -> TcAction:
    tail = Tail(a=1, b=2)
    out[0] = helpers.skb_store_bytes(ctx, 14, tail, 4, 0)
    out[1] = helpers.skb_store_bytes(ctx, 17, tail, 4, 0)
    return TcAction.OK


# run: inside(data=bytes(range(64))) -> out=[0, 0x1110_0F0E], value=1
@cgroup_skb
def inside(ctx: Skb) -> int:
    tail = Tail()
    out[0] = helpers.skb_load_bytes(ctx, 0, tail, 4)
    out[1] = tail.a
    return 1
