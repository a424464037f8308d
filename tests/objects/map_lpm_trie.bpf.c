// The longest prefix that matches.
// run: match = 16
#include "common.h"

struct prefix {
    u32 length;
    u8 address[4];
};

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, 16);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct prefix);
    __type(value, u32);
} routes SEC(".maps");

SEC("raw_tp")
int match(void *ctx)
{
    struct prefix wide = {8, {10}}, narrow = {16, {10, 1}}, whole = {32, {10, 1, 2, 3}};
    u32 value = 8, *found;

    bpf_map_update_elem(&routes, &wide, &value, BPF_ANY);
    value = 16;
    bpf_map_update_elem(&routes, &narrow, &value, BPF_ANY);
    found = bpf_map_lookup_elem(&routes, &whole);
    return found ? *found : 0;
}
