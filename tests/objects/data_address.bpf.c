// The address of one variable kept in another place: on the stack, and behind a helper.
// run: copy = 77
#include "common.h"

u32 from[4] = {0, 0, 77};
u32 to[4];

SEC("raw_tp")
int copy(void *ctx)
{
    bpf_probe_read_kernel(to, sizeof(to), from);
    return to[2];
}
