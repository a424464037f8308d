from kring import CgroupAction, Skb, cgroup_skb


@cgroup_skb("egress")
def count(ctx: Skb) -> CgroupAction:
    ctx.tc_index += 1
    return CgroupAction.ALLOW
