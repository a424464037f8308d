// A value for each CPU, reached from one of them.
// vm refuses: map_lookup_percpu_elem
// run: fill = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 2);
    __type(key, u32);
    __type(value, u64);
} values SEC(".maps");

SEC("syscall")
int fill(void *ctx)
{
    u32 key = 1;

    for (u32 cpu = 0; cpu < 2; cpu++) {
        u64 *value = bpf_map_lookup_percpu_elem(&values, &key, cpu);
        if (value)
            *value = 100 + cpu;
    }
    return 0;
}
