// Flags, a NUMA node, and a map that user space sees and programs only read.
// run: read = 9
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 5);
    __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE);
    __uint(numa_node, 0);
    __type(key, u32);
    __type(value, u32);
} scattered SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __uint(map_flags, BPF_F_RDONLY_PROG | BPF_F_MMAPABLE);
    __type(key, u32);
    __type(value, u64);
} given SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_INNER_MAP);
    __type(key, u32);
    __type(value, u64);
} any_size SEC(".maps");

SEC("raw_tp")
int read(void *ctx)
{
    u32 key = 1, value = 9, *found;
    u64 *zero = bpf_map_lookup_elem(&given, &key);

    bpf_map_update_elem(&scattered, &key, &value, BPF_ANY);
    found = bpf_map_lookup_elem(&scattered, &key);
    return zero && found ? *zero + *found : -1;
}
