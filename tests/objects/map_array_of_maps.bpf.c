// An array of maps: what it holds is described in place, and it is empty.
// run: find = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 3);
    __uint(key_size, sizeof(u32));
    __array(values, struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, 10);
        __type(key, u64);
        __type(value, u64);
    });
} outer SEC(".maps");

SEC("raw_tp")
int find(void *ctx)
{
    u32 key = 0;

    return bpf_map_lookup_elem(&outer, &key) ? 0 : 1;
}
