// Programs of many kinds in one object, two in one section.
// run: first data=00*64 = 1
// run: second data=00*64 = 2
// run: third data=00*64 = 3
#include "common.h"

SEC("xdp")
int first(struct xdp_md *ctx)
{
    return XDP_DROP;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
    return XDP_PASS;
}

SEC("tc")
int third(struct __sk_buff *skb)
{
    return 3;
}

SEC("kprobe/vfs_read")
int fourth(void *ctx)
{
    return 0;
}
