"""Bytes and packets by protocol, in a map of structs."""

# run: account(data=bytes([7] + [0] * 63), times=2) -> usage={7: Usage(packets=1, octets=5)}, value=2
from kring import Hash, Struct, Xdp, XdpAction, u32, u64, xdp


class Usage(Struct):
    packets: u64
    octets: u64


class First(Struct):
    word: u32


usage = Hash[u32, Usage](max_entries=256)


@xdp
def account(ctx: Xdp) -> XdpAction:
    if (first := ctx.packet.read(First)) is None:
        return XdpAction.PASS
    if (found := usage.get(first.word)) is not None:
        found.packets = 1
        found.octets = 5
    else:
        usage[first.word] = Usage(packets=0, octets=9)
    return XdpAction.PASS
