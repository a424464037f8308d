// A map with an attribute that nobody knows.
// refused: colour
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __uint(colour, 3);
    __type(key, u32);
    __type(value, u32);
} counts SEC(".maps");

SEC("raw_tp")
int look(void *ctx)
{
    u32 key = 0;

    return bpf_map_lookup_elem(&counts, &key) ? 1 : 0;
}
