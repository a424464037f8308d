"""Counts packets."""

# run: count(data=bytes(64), times=3) -> packets=[3], value=2
from kring import Array, Xdp, XdpAction, u64, xdp

packets = Array[u64](1)


@xdp
def count(ctx: Xdp) -> XdpAction:
    packets[0] += 1
    return XdpAction.PASS
