// Stacks by number.
// differs: stacks vm
// run: trace = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 64);
    __uint(key_size, sizeof(u32));
    __uint(value_size, 20 * sizeof(u64));
} stacks SEC(".maps");

SEC("raw_tp")
int trace(void *ctx)
{
    return bpf_get_stackid(ctx, &stacks, 0) >= 0;
}
