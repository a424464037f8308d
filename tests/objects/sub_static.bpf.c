// A function that is not built in place, called twice.
// run: twice = 26
#include "common.h"

static __attribute__((noinline)) u32 square(u32 x)
{
    asm volatile("");
    return x * x;
}

SEC("raw_tp")
int twice(void *ctx)
{
    return square(5) + square(1);
}
