// Variables of this file and of one function: their names need not be unique.
// run: first = 11
// run: second = 101
// run: first = 12
#include "common.h"

static volatile u32 hidden = 1;

SEC("raw_tp")
int first(void *ctx)
{
    static u32 calls = 10;

    return ++calls + (hidden - 1);
}

SEC("raw_tp")
int second(void *ctx)
{
    static u32 calls = 100;

    return ++calls * hidden;
}
