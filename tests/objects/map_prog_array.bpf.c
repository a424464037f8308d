// An array of programs that is filled from the start; a tail call does not come back.
// run: start = 7
#include "common.h"

int seven(void *ctx);

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 3);
    __uint(key_size, sizeof(u32));
    __array(values, int(void *));
} jumps SEC(".maps") = {
    .values = {[2] = (void *)&seven},
};

SEC("raw_tp")
int seven(void *ctx)
{
    return 7;
}

SEC("raw_tp")
int start(void *ctx)
{
    bpf_tail_call(ctx, &jumps, 1);
    bpf_tail_call(ctx, &jumps, 2);
    return 1;
}
