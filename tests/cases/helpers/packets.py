"""Helpers on packets: bytes by offset, and what is left of headers when the packet moves."""

# engines: vm kernel

from kring import Array, Struct, Xdp, XdpAction, helpers, sizeof, u32, u64, xdp




class Tail(Struct):
    a: u32
    b: u32


out = Array[u64](6)


# run: bytes_at(data=bytes(range(64))) -> out=[0, 0x1312_1110, 0x1716_1514, 2**64 - 22, 64], value=2
@xdp
def bytes_at(ctx: Xdp) -> XdpAction:
    tail = Tail(a=0, b=0)
    out[0] = helpers.xdp_load_bytes(ctx, 16, tail, sizeof(Tail))
    out[1] = tail.a
    out[2] = tail.b
    out[3] = helpers.xdp_load_bytes(ctx, 60, tail, 8)
    out[4] = helpers.xdp_get_buff_len(ctx)
    return XdpAction.PASS


# run: store(data=bytes(20)) -> data=bytes(14) + b"\x01\0\0\0" + bytes(2), out=[0], value=2
@xdp
def store(ctx: Xdp) -> XdpAction:
    tail = Tail(a=1, b=2)
    out[0] = helpers.xdp_store_bytes(ctx, 14, tail, 4)
    return XdpAction.PASS
