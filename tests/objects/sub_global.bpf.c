// A global function, which the verifier looks at by itself, and a weak one.
// run: call = 15
#include "common.h"

__attribute__((noinline)) int add(int a, int b)
{
    asm volatile("");
    return a + b;
}

__attribute__((noinline, weak)) int five(void)
{
    asm volatile("");
    return 5;
}

SEC("raw_tp")
int call(void *ctx)
{
    return add(10, five());
}
