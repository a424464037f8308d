// Instructions written by hand: a jump over one of them, and negations.
// run: add = 9
#include "common.h"

SEC("raw_tp")
int add(void *ctx)
{
    u64 sum = 4;

    asm volatile("if %0 s> 100 goto 1f; %0 += 5; 1: %0 = -%0; %0 = -%0" : "+r"(sum));
    return sum;
}
