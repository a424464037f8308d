// A function that falls off its end.
// refused: last insn|exit|jmp
#include "common.h"

SEC("raw_tp")
__attribute__((naked)) int fall(void)
{
    asm volatile("r0 = 0" ::: "r0");
}
