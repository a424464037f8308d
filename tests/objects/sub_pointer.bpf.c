// A global function that is given the address of a struct.
// run: call = 30
#include "common.h"

struct pair {
    u32 a, b;
};

__attribute__((noinline)) int sum(const struct pair *pair)
{
    if (!pair)
        return -1;
    return pair->a + pair->b;
}

SEC("raw_tp")
int call(void *ctx)
{
    struct pair pair = {10, 20};

    return sum(&pair);
}
