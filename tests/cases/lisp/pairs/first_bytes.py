"""Keeps what packets begin with, and drops those that begin with some."""

# run: first(data=bytes([1, 2, 3, 4] + [0] * 60), times=2) -> seen={0x04030201: 1}, value=2
# run: first(data=bytes([5, 0, 0, 0] + [0] * 60)) -> seen={5: 1}, value=1
from kring import Hash, Struct, Xdp, XdpAction, u32, u64, xdp


class First(Struct):
    word: u32


seen = Hash[u32, u64](max_entries=64)


@xdp
def first(ctx: Xdp) -> XdpAction:
    if (head := ctx.packet.read(First)) is None:
        return XdpAction.PASS
    seen[head.word] = 1
    return XdpAction.DROP if head.word == 5 else XdpAction.PASS
