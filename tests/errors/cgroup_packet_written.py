from kring import CgroupAction, Skb, Struct, cgroup_skb, u8


class Head(Struct):
    version: u8
    tos: u8


@cgroup_skb
def mark(ctx: Skb) -> CgroupAction:
    if (ip := ctx.packet.read(Head)) is not None:
        ip.tos = 4
    return CgroupAction.ALLOW
