// More on the stack than there is.
// refused: stack
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int write(void)
{
    asm volatile("r1 = 0; *(u64 *)(r10 - 520) = r1; r0 = 0; exit" ::: "r0", "r1");
}
