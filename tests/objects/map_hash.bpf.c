// A hash: entries set, changed and deleted.
// run: fill = 2
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16);
    __type(key, u32);
    __type(value, u64);
} counts SEC(".maps");

SEC("syscall")
int fill(void *ctx)
{
    u32 keys[] = {3, 70000, 5};
    u64 value = 1ull << 40, *found;

    for (int i = 0; i < 3; i++)
        bpf_map_update_elem(&counts, &keys[i], &value, BPF_ANY);
    bpf_map_delete_elem(&counts, &keys[2]);
    found = bpf_map_lookup_elem(&counts, &keys[1]);
    if (!found)
        return 1;
    *found += 5;
    return bpf_map_lookup_elem(&counts, &keys[2]) ? 3 : 2;
}
