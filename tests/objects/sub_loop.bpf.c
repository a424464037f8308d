// A function that the kernel calls so many times; a function calls it again.
// run: sum = 4950
#include "common.h"

static long body(u32 i, u64 *sum)
{
    *sum += i;
    return 0;
}

static __attribute__((noinline)) u64 below(u32 n)
{
    u64 sum = 0;

    bpf_loop(n, body, &sum, 0);
    return sum;
}

SEC("raw_tp")
int sum(void *ctx)
{
    return below(100);
}
