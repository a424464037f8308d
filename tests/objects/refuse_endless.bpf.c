// A loop without an end.
// refused: loop
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int turn(void)
{
    asm volatile("r0 = 0; 1: if r0 == 0 goto 1b; exit" ::: "r0");
}
