from kring import Hash, Xdp, XdpAction, helpers, u32, xdp

jumps = Hash[u32, u32](max_entries=4)


@xdp
def first(ctx: Xdp) -> XdpAction:
    helpers.tail_call(ctx, jumps, 1)
    return XdpAction.PASS
