// A variable that holds the address of a map: nobody fills it in.
// run: look = 0
#include "common.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u32);
} numbers SEC(".maps");

void *where = &numbers;

SEC("raw_tp")
int look(void *ctx)
{
    return where ? 1 : 0;
}
