// A NUMA node that this machine has not.
// refused: far
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 5);
    __uint(map_flags, BPF_F_NUMA_NODE);
    __uint(numa_node, 900);
    __type(key, u32);
    __type(value, u32);
} far SEC(".maps");

SEC("raw_tp")
int read(void *ctx)
{
    u32 key = 1;

    return bpf_map_lookup_elem(&far, &key) ? 1 : 0;
}
