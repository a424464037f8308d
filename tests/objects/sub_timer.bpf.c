// A timer and the function that it calls.
// vm refuses: timer_init
// run: start = 0
#include "common.h"

struct value {
    struct bpf_timer timer;
    u32 fired;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct value);
} timers SEC(".maps");

static int fire(void *map, u32 *key, struct value *value)
{
    value->fired++;
    return 0;
}

SEC("syscall")
int start(void *ctx)
{
    u32 key = 0;
    struct value *value = bpf_map_lookup_elem(&timers, &key);

    if (!value)
        return -1;
    bpf_timer_init(&value->timer, &timers, 1);
    bpf_timer_set_callback(&value->timer, fire);
    return bpf_timer_start(&value->timer, 1ull << 40, 0);
}
