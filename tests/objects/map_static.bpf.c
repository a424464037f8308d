// A map that no other file may name.
// libbpf refuses: linkage
// run: look = 0
#include "common.h"

static struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u32);
} numbers SEC(".maps");

SEC("raw_tp")
int look(void *ctx)
{
    u32 key = 0, *found = bpf_map_lookup_elem(&numbers, &key);

    return found ? *found : 1;
}
