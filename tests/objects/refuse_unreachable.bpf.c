// Instructions that nothing leads to.
// refused: unreachable
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int end(void)
{
    asm volatile("r0 = 0; exit; r0 = 1; exit" ::: "r0");
}
