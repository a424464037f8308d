// A global function that nobody calls, and that the verifier would refuse.
// run: call = 2
#include "common.h"

__attribute__((noinline)) u64 nobody(u64 x)
{
    return *(u64 *)x;
}

SEC("raw_tp")
int call(void *ctx)
{
    return 2;
}
