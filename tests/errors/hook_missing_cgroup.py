# load
from kring import CgroupAction, cgroup_skb


@cgroup_skb
def allow() -> CgroupAction:
    return CgroupAction.ALLOW
