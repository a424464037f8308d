// Tail calls from a function, and a slot that is empty.
// run: start data=00*64 = 2
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __uint(key_size, 4);
    __uint(value_size, 4);
} jumps SEC(".maps");

static __attribute__((noinline)) int jump(struct xdp_md *ctx)
{
    bpf_tail_call(ctx, &jumps, 0);
    return 1;
}

SEC("xdp")
int start(struct xdp_md *ctx)
{
    return jump(ctx) + 1;
}
