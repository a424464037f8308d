// What the hardware says of a packet: these kernel functions want a program bound to a device.
// refused: hash
#include "common.h"

enum xdp_rss_hash_type { XDP_RSS_TYPE_NONE };

extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, u32 *hash,
                                    enum xdp_rss_hash_type *type) __ksym;

SEC("xdp")
int hash(struct xdp_md *ctx)
{
    enum xdp_rss_hash_type type;
    u32 value = 0;

    bpf_xdp_metadata_rx_hash(ctx, &value, &type);
    return value ? XDP_PASS : XDP_DROP;
}
