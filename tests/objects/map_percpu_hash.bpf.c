// A hash with a value for each CPU, of a size that is padded.
// vm refuses: map_lookup_percpu_elem
// run: fill = 12
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 8);
    __type(key, u16);
    __type(value, u32);
} values SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    u16 key = 9;
    u32 zero = 0, sum = 0;

    bpf_map_update_elem(&values, &key, &zero, BPF_NOEXIST);
    for (u32 cpu = 0; cpu < 2; cpu++) {
        u32 *value = bpf_map_lookup_percpu_elem(&values, &key, cpu);
        if (value)
            sum += *value = 4 * (cpu + 1);
    }
    return sum;
}
