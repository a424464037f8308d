// A function of another program replaced: which one, nobody has said.
// refused: freplace|replace
#include "common.h"

SEC("freplace/whatever")
int instead(struct xdp_md *ctx)
{
    return XDP_DROP;
}
