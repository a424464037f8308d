// A program of an object that was made without BTF, with a function.
// clang: -g0
// run: answer = 49
#include "common.h"

static __attribute__((noinline)) int square(int x)
{
    asm volatile("");
    return x * x;
}

SEC("raw_tp")
int answer(void *ctx)
{
    return square(7);
}
