// A map's value read without a look at whether it is there.
// refused: null|NULL
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} numbers SEC(".maps");

SEC("raw_tp")
int read(void *ctx)
{
    u32 key = 0;
    u64 *value = bpf_map_lookup_elem(&numbers, &key);

    return *value;
}
