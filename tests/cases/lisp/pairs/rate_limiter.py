"""Drops the packets of who sent one less than a second ago."""

# run: limit(data=bytes(64)) -> value=2
# run: limit(data=bytes(64), times=2) -> value=1
from kring import Hash, Struct, Xdp, XdpAction, u32, u64, xdp
from kring.helpers import ktime_get_ns

SECOND = 1_000_000_000


class First(Struct):
    source: u32


last = Hash[u32, u64](max_entries=1024)


@xdp
def limit(ctx: Xdp) -> XdpAction:
    if (head := ctx.packet.read(First)) is None:
        return XdpAction.PASS
    source = head.source
    now: u64 = ktime_get_ns()
    if (before := last.get(source)) is not None:
        if now - before < SECOND:
            return XdpAction.DROP
    last[source] = now
    return XdpAction.PASS
