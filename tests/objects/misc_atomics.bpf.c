// Atomic instructions that give back what was there.
// clang: -mcpu=v3
// run: change = 124
#include "common.h"

u64 wide = 100;
u32 narrow = 7;
u64 bits = 0xf0;

SEC("raw_tp")
int change(void *ctx)
{
    u64 before = __sync_fetch_and_add(&wide, 5);
    u32 other = __sync_lock_test_and_set(&narrow, 9);

    __sync_fetch_and_or(&bits, 0xf);
    __sync_fetch_and_and(&bits, 0x3f);
    __sync_fetch_and_xor(&bits, 1);
    before += __sync_val_compare_and_swap(&wide, 105, 1000) == 105;
    before += __sync_bool_compare_and_swap(&narrow, 9, 10) ? 16 : 0;
    return before + other;
}
