"""A packet that moves: headers read before are gone, and reading begins anew."""

# engines: kernel

from kring import Array, Struct, Xdp, XdpAction, array, be16, helpers, sizeof, u64, xdp


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
