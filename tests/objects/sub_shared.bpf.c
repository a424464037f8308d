// One function of three programs, and variables that they share.
// run: one = 1
// run: two data=00*64 = 3
// run: three = 6
#include "common.h"

u32 total;

static __attribute__((noinline)) u32 add(u32 x)
{
    return total += x;
}

SEC("raw_tp")
int one(void *ctx)
{
    return add(1);
}

SEC("xdp")
int two(struct xdp_md *ctx)
{
    return add(2);
}

SEC("syscall")
int three(void *ctx)
{
    return add(3);
}
