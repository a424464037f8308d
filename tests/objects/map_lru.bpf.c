// Hashes that drop what was used least.
// run: fill = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 64);
    __type(key, u64);
    __type(value, u8);
} shared SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
    __uint(max_entries, 64);
    __type(key, u64);
    __type(value, u64);
} separate SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 64);
    __uint(map_flags, BPF_F_NO_COMMON_LRU);
    __type(key, u64);
    __type(value, u8);
} own_lists SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    u64 key = 1, wide = 0;
    u8 narrow = 7;

    return bpf_map_update_elem(&shared, &key, &narrow, BPF_ANY) +
           bpf_map_update_elem(&separate, &key, &wide, BPF_ANY) +
           bpf_map_update_elem(&own_lists, &key, &narrow, BPF_ANY);
}
