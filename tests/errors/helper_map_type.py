from kring import Hash, Xdp, helpers, u32, u64, xdp

ports = Hash[u32, u64](max_entries=16)


@xdp
def bounce(ctx: Xdp) -> int:
    return helpers.redirect_map(ports, 1, 0)
