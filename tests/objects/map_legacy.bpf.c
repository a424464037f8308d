// A map of the form before BTF described them, which libbpf 1.0 gave up.
// libbpf refuses: legacy map definitions
// run: fill = 4
#include "common.h"

struct bpf_map_def {
    u32 type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") numbers = {
    .type = BPF_MAP_TYPE_HASH,
    .key_size = 4,
    .value_size = 8,
    .max_entries = 16,
};

SEC("raw_tp")
int fill(void *ctx)
{
    u32 key = 4;
    u64 value = 4, *found;

    bpf_map_update_elem(&numbers, &key, &value, BPF_ANY);
    found = bpf_map_lookup_elem(&numbers, &key);
    return found ? *found : 0;
}
