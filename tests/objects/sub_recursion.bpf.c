// A function that calls itself.
// refused: recurs|back-edge|too deep|stack
#include "common.h"

static __attribute__((noinline)) int down(u32 x)
{
    asm volatile("");
    return down(x + 1) + 1;
}

SEC("raw_tp")
int start(void *ctx)
{
    return down(3);
}
