// Maps without types: sizes alone, and a key of many bytes.
// run: fill = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 3);
    __uint(key_size, 40);
    __uint(value_size, 3);
} wide SEC(".maps");

SEC("raw_tp")
int fill(void *ctx)
{
    char key[40] = "key", value[3] = {1, 2, 3};

    return bpf_map_update_elem(&wide, key, value, BPF_ANY);
}
