"""Goes on with another program, or counts that there is none."""

# run: jump(data=bytes(64)) -> value=2, missing=[1]
from kring import Array, ProgArray, Xdp, XdpAction, u64, xdp

jumps = ProgArray(4)
missing = Array[u64](1)


@xdp
def jump(ctx: Xdp) -> XdpAction:
    jumps.tail_call(1)
    missing[0] += 1
    return XdpAction.PASS
