// Division, remainders, shifts and signs of both widths.
// clang: -mcpu=v3
// run: count = 12
#include "common.h"

s64 volatile wide = -1000;
s32 volatile narrow = -7;
u32 volatile zero;
u64 out[8];

SEC("raw_tp")
int count(void *ctx)
{
    out[0] = (u64)wide / 3;
    out[1] = (u32)narrow % 10;
    out[2] = wide >> 3;
    out[3] = (u64)wide >> 60;
    out[4] = narrow < 0 ? -narrow : narrow;
    out[5] = (u32)narrow / (zero + 1);
    out[6] = (s64)narrow * wide;
    return narrow > -8 ? 12 : 13;
}
