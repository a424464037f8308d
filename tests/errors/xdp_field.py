from kring import Xdp, XdpAction, xdp


@xdp
def program(ctx: Xdp) -> XdpAction:
    return XdpAction.DROP if ctx.ifndex == 1 else XdpAction.PASS
