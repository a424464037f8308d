"""A packet that moves: headers read before are gone, and reading begins anew."""

# engines: kernel

from kring import Array, Skb, Struct, TcAction, Xdp, XdpAction, array, be16, helpers, sizeof, tc, u64, xdp


class Ethernet(Struct):
    target: bytes = array(6)
    source: bytes = array(6)
    kind: be16


out = Array[u64](3)


# run: shrink(data=bytes(14) + bytes(range(1, 33))) -> data=bytes(range(1, 33)), out=[0, 0x0D0E, 0], value=2
@xdp
def shrink(ctx: Xdp) -> XdpAction:
    if (ethernet := ctx.packet.read(Ethernet)) is not None:
        out[2] = ethernet.kind
    out[0] = helpers.xdp_adjust_head(ctx, sizeof(Ethernet))
    if (ethernet := ctx.packet.read(Ethernet)) is not None:
        out[1] = ethernet.kind
    return XdpAction.PASS


# run: grow(data=bytes(14) + bytes(range(1, 33))) -> data=bytes(14) + bytes(range(1, 33)) + bytes(4), out=[0, 50, 46], value=0
@tc
def grow(ctx: Skb) -> TcAction:
    out[2] = ctx.len
    out[0] = helpers.skb_change_tail(ctx, 50, 0)
    out[1] = ctx.len
    return TcAction.OK
