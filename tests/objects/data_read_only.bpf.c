// A program that writes to a constant.
// refused: write
#include "common.h"

const volatile u32 fixed = 2;

SEC("raw_tp")
int write(void *ctx)
{
    *(volatile u32 *)&fixed = 3;
    return fixed;
}
