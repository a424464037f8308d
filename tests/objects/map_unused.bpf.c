// Maps that no program uses are made all the same.
// run: nothing = 1
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 3);
    __type(key, u32);
    __type(value, u32);
} unused SEC(".maps");

SEC("raw_tp")
int nothing(void *ctx)
{
    return 1;
}
