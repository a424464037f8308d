// A filter, whose number of hash functions is given.
// run: fill = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
    __uint(max_entries, 1000);
    __uint(map_extra, 7);
    __type(value, u64);
} seen SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    u64 value = 12345, other = 54321;

    bpf_map_push_elem(&seen, &value, BPF_ANY);
    return !bpf_map_peek_elem(&seen, &value) && bpf_map_peek_elem(&seen, &other);
}
