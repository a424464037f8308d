"""Counts on each CPU for itself."""

# run: count(data=bytes(64), times=3) -> packets=[0, 3], value=2
from kring import PerCpuArray, Xdp, XdpAction, u64, xdp

packets = PerCpuArray[u64](2)


@xdp
def count(ctx: Xdp) -> XdpAction:
    packets[1] += 1
    return XdpAction.PASS
