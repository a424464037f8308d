// A helper that programs of this kind may not call.
// refused: helper|probe_write
#include "common.h"

SEC("xdp")
int call(struct xdp_md *ctx)
{
    bpf_override_return((void *)ctx, 0);
    return XDP_PASS;
}
