// Variables of an object that was made without BTF.
// clang: -g0
// run: sum = 8
#include "common.h"

u32 calls;
u32 start = 5;
const volatile u32 fixed = 2;

SEC("raw_tp")
int sum(void *ctx)
{
    return ++calls + start + fixed;
}
