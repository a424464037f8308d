from kring import Xdp, XdpAction, xdp


@xdp
def program(ctx: Xdp) -> XdpAction:
    ctx.packet.skp(4)
    return XdpAction.DROP
