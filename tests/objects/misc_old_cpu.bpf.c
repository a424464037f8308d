// The oldest instructions that clang makes.
// clang: -mcpu=v1
// run: count = 21
#include "common.h"

u32 volatile n = 6;

SEC("raw_tp")
int count(void *ctx)
{
    u32 sum = 0;

    for (u32 i = 0; i <= n && i < 100; i++)
        sum += i;
    return sum;
}
