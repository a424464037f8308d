// Packets at the device: read, changed, made shorter; one program takes them in fragments.
// vm refuses: xdp_adjust_tail
// run: swap data=0102030405060708090a0b0c0800*1 = 3
// run: shrink data=00*60 = 2
// run: pass_fragments data=00*64 = 2
#include "common.h"
#include <linux/if_ether.h>

SEC("xdp")
int swap(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    u8 other[ETH_ALEN];

    if ((void *)(eth + 1) > end)
        return XDP_ABORTED;
    __builtin_memcpy(other, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
    __builtin_memcpy(eth->h_source, other, ETH_ALEN);
    return XDP_TX;
}

SEC("xdp")
int shrink(struct xdp_md *ctx)
{
    return bpf_xdp_adjust_tail(ctx, -20) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp.frags")
int pass_fragments(struct xdp_md *ctx)
{
    return bpf_xdp_get_buff_len(ctx) == 64 ? XDP_PASS : XDP_DROP;
}
