// Functions that call functions, in another order than they are written.
// run: start = 24
#include "common.h"

static int third(int x);

static __attribute__((noinline)) int first(int x)
{
    asm volatile("");
    return third(x) * 2;
}

static __attribute__((noinline)) int second(int x)
{
    asm volatile("");
    return first(x) + third(x) * 2;
}

static __attribute__((noinline)) int third(int x)
{
    asm volatile("");
    return x + 1;
}

SEC("raw_tp")
int start(void *ctx)
{
    return second(5);
}
