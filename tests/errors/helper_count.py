from kring import Xdp, XdpAction, helpers, xdp


@xdp
def bounce(ctx: Xdp) -> int:
    return helpers.redirect(ctx.ifindex)
