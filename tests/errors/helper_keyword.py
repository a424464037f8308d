from kring import Xdp, helpers, xdp


@xdp
def bounce(ctx: Xdp) -> int:
    return helpers.redirect(1, flags=0)
