from kring import CgroupAction, Skb, cgroup_skb


@cgroup_skb
def drop(ctx: Skb) -> CgroupAction:
    if ctx.mark:
        return
    return CgroupAction.ALLOW
