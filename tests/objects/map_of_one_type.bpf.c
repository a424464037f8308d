// Two maps that one named struct describes, and a type behind typedefs.
// run: fill = 3
#include "common.h"

typedef u64 counter_t;
typedef const counter_t read_only_t;

struct description {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, read_only_t);
};

struct description left SEC(".maps");
struct description right SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    u32 key = 0;
    u64 one = 1, two = 2, *a, *b;

    bpf_map_update_elem(&left, &key, &one, BPF_ANY);
    bpf_map_update_elem(&right, &key, &two, BPF_ANY);
    a = bpf_map_lookup_elem(&left, &key);
    b = bpf_map_lookup_elem(&right, &key);
    return a && b ? *a + *b : 0;
}
