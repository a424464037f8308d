// Variables and functions of an object that was made without BTF.
// clang: -g0
// run: sum = 16
#include "common.h"

u32 calls;
u32 start = 5;
const volatile u32 fixed = 2;

static __attribute__((noinline)) u32 twice(u32 x)
{
    return 2 * x + start - 5;
}

SEC("raw_tp")
int sum(void *ctx)
{
    return twice(++calls + start + fixed);
}
