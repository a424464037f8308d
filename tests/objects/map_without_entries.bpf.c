// A hash that says nothing of how many entries it has.
// refused: endless
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, u32);
    __type(value, u32);
} endless SEC(".maps");

SEC("raw_tp")
int look(void *ctx)
{
    u32 key = 0;

    return bpf_map_lookup_elem(&endless, &key) ? 1 : 0;
}
