// Programs that run for entries of maps of devices and CPUs.
#include "common.h"

SEC("xdp/devmap")
int at_device(struct xdp_md *ctx)
{
    return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp/cpumap")
int at_cpu(struct xdp_md *ctx)
{
    return XDP_DROP;
}

SEC("xdp.frags/devmap")
int fragments_at_device(struct xdp_md *ctx)
{
    return XDP_PASS;
}
