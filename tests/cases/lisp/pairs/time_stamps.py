"""The time and the processor of an event, in a struct of a map."""

# run: keep(data=bytes([3] + [0] * 63)) -> value=2
from kring import Array, Struct, Xdp, XdpAction, u32, u64, xdp
from kring.helpers import get_smp_processor_id, ktime_get_ns


class Stamp(Struct):
    when: u64
    cpu: u32
    interface: u32


stamps = Array[Stamp](4)


@xdp
def keep(ctx: Xdp) -> XdpAction:
    if (stamp := stamps.get(2)) is not None:
        stamp.when = ktime_get_ns()
        stamp.cpu = get_smp_processor_id()
        stamp.interface = ctx.ifindex
    return XdpAction.PASS
