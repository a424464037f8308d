// A variable of many pages, and an index that is held against its size.
// run: write = 199
#include "common.h"

u32 table[50000];
u32 volatile at = 49999;

SEC("raw_tp")
int write(void *ctx)
{
    u32 i = at;

    if (i >= 50000)
        return -1;
    table[i] = 199;
    return table[49999];
}
