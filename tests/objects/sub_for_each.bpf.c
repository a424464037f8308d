// A function that the kernel calls for each entry of a map.
// run: sum = 60
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 3);
    __type(key, u32);
    __type(value, u32);
} numbers SEC(".maps");

struct state {
    u32 sum;
};

static long one(void *map, u32 *key, u32 *value, struct state *state)
{
    state->sum += *value;
    return 0;
}

SEC("raw_tp")
int sum(void *ctx)
{
    struct state state = {};

#pragma clang loop unroll(full)
    for (u32 i = 0; i < 3; i++) {
        u32 key = i, value = (i + 1) * 10;
        bpf_map_update_elem(&numbers, &key, &value, BPF_ANY);
    }
    bpf_for_each_map_elem(&numbers, one, &state, 0);
    return state.sum;
}
