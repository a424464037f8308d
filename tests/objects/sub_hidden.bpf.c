// A global function that is hidden, and so is verified where it is called: it may be given anything.
// run: call = 9
#include "common.h"

__attribute__((noinline)) __hidden int load(u32 *value)
{
    asm volatile("");
    return *value;
}

SEC("raw_tp")
int call(void *ctx)
{
    u32 nine = 9;

    return load(&nine);
}
