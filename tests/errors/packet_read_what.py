from kring import Xdp, XdpAction, u32, xdp


@xdp
def program(ctx: Xdp) -> XdpAction:
    if ctx.packet.read(u32) is None:
        return XdpAction.PASS
    return XdpAction.DROP
