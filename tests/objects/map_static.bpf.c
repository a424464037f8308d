// Maps that no other file may name: code finds each by its place in the section.
// libbpf refuses: linkage
// run: look = 50
#include "common.h"

static struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} first SEC(".maps"), second SEC(".maps");

SEC("raw_tp")
int look(void *ctx)
{
    u32 key = 0;
    u64 five = 5, *one, *other;

    bpf_map_update_elem(&second, &key, &five, 0);
    one = bpf_map_lookup_elem(&first, &key);
    other = bpf_map_lookup_elem(&second, &key);
    return one && other ? *one + 10 * *other : 0;
}
