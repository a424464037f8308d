// A register read before anything was written to it.
// refused: R
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int read(void)
{
    asm volatile("r0 = r4; exit" ::: "r0");
}
