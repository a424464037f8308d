// A number on the stack at an odd place.
// refused: aligned
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int read(void)
{
    asm volatile("r1 = 0; *(u64 *)(r10 - 16) = r1; *(u64 *)(r10 - 8) = r1;"
                 "r0 = *(u64 *)(r10 - 13); exit" ::: "r0", "r1");
}
