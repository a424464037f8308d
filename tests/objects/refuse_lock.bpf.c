// A lock that is not given back.
// refused: lock
#include "common.h"

struct value {
    struct bpf_spin_lock lock;
    u64 count;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct value);
} values SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
    u32 key = 0;
    struct value *value = bpf_map_lookup_elem(&values, &key);

    if (!value)
        return 0;
    bpf_spin_lock(&value->lock);
    value->count++;
    return 0;
}
