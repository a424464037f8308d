// A program of thousands of instructions.
// run: count = 5000
#include "common.h"

u32 volatile calls;

SEC("raw_tp")
int count(void *ctx)
{
#pragma clang loop unroll(full)
    for (int i = 0; i < 5000; i++)
        calls++;
    return calls;
}
