// A packet read without a look at where it ends.
// refused: packet
#include "common.h"

SEC("xdp")
int read(struct xdp_md *ctx)
{
    u8 *data = (void *)(long)ctx->data;

    return data[12];
}
