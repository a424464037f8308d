// Weak, hidden and aligned variables.
// run: sum = 6
#include "common.h"

u32 weak_one __attribute__((weak)) = 1;
u32 hidden_one __attribute__((visibility("hidden"))) = 2;
u64 aligned_one __attribute__((aligned(64))) = 3;

SEC("raw_tp")
int sum(void *ctx)
{
    return weak_one + hidden_one + aligned_one;
}
