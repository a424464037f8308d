// Names longer than the kernel keeps.
// run: fill_the_map_with_the_very_long_name = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u32);
} a_map_with_a_very_long_name SEC(".maps");

SEC("raw_tp")
int fill_the_map_with_the_very_long_name(void *ctx)
{
    u32 key = 0, value = 11;

    return bpf_map_update_elem(&a_map_with_a_very_long_name, &key, &value, BPF_ANY);
}
