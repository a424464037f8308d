// Constants that user space may set before the program is loaded.
// run: sum = 1042
#include "common.h"

const volatile u32 limit = 42;
const volatile s64 offset = 1000;
const volatile _Bool unset;

SEC("raw_tp")
int sum(void *ctx)
{
    return unset ? 0 : limit + offset;
}
