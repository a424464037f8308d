// Maps of an object that was made without BTF: nothing describes them.
// clang: -g0
// refused: BTF
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u32);
} numbers SEC(".maps");

SEC("raw_tp")
int answer(void *ctx)
{
    u32 key = 0;

    return bpf_map_lookup_elem(&numbers, &key) ? 1 : 0;
}
