// A hash of maps, filled from the start with two that have names of their own.
// run: find = 41
#include "common.h"

struct inner {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, u32);
} first SEC(".maps"), second SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, 4);
    __type(key, u32);
    __array(values, struct inner);
} outer SEC(".maps") = {
    .values = {[1] = &first, [3] = &second},
};

SEC("raw_tp")
int find(void *ctx)
{
    u32 key = 3, at = 1, value = 41, *found;
    void *inner = bpf_map_lookup_elem(&outer, &key);

    if (!inner)
        return -1;
    bpf_map_update_elem(inner, &at, &value, BPF_ANY);
    found = bpf_map_lookup_elem(&second, &at);
    return found ? *found : -2;
}
