// Packets of a cgroup.
// run: in data=00*64 = 1
// run: out data=00*64 = 0
// run: either data=00*64 = 1
#include "common.h"

SEC("cgroup_skb/ingress")
int in(struct __sk_buff *skb)
{
    return 1;
}

SEC("cgroup_skb/egress")
int out(struct __sk_buff *skb)
{
    return 0;
}

SEC("cgroup/skb")
int either(struct __sk_buff *skb)
{
    return skb->len > 10;
}
