// A function that the kernel calls and that reads what it was not given.
// refused: stack
#include "common.h"

static long body(u32 i, u64 *sum)
{
    return *(u32 *)(sum + 100);
}

SEC("raw_tp")
int start(void *ctx)
{
    u64 sum = 0;

    bpf_loop(10, body, &sum, 0);
    return sum;
}
