from kring import Struct, Xdp, XdpAction, array, be16, helpers, xdp


class Ethernet(Struct):
    addresses: bytes = array(12)
    kind: be16


@xdp
def strip(ctx: Xdp) -> XdpAction:
    if (ethernet := ctx.packet.read(Ethernet)) is not None:
        helpers.xdp_adjust_head(ctx, 14)
        if ethernet.kind == 0x800:
            return XdpAction.PASS
    return XdpAction.DROP
