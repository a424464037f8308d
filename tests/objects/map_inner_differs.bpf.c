// A map that holds maps of another size than the one put into it.
// refused: outer|inner
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, u32);
    __type(value, u64);
} inner SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, u32);
    __array(values, struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, 4);
        __type(key, u32);
        __type(value, u32);
    });
} outer SEC(".maps") = {
    .values = {(void *)&inner},
};

SEC("raw_tp")
int look(void *ctx)
{
    u32 key = 0;

    return bpf_map_lookup_elem(&outer, &key) ? 1 : 0;
}
