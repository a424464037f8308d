// A lock in a map's value.
// run: count data=00*64 = 2
#include "common.h"

struct value {
    struct bpf_spin_lock lock;
    u64 count;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, u32);
    __type(value, struct value);
} values SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
    u32 key = 1;
    struct value first = {.count = 1}, *value;

    bpf_map_update_elem(&values, &key, &first, BPF_ANY);
    value = bpf_map_lookup_elem(&values, &key);
    if (!value)
        return 0;
    bpf_spin_lock(&value->lock);
    value->count++;
    bpf_spin_unlock(&value->lock);
    return value->count;
}
