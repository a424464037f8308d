// What a constant rules out is not verified: here it would read through a number.
// run: guarded = 5
#include "common.h"

const volatile u32 dangerous = 0;

SEC("raw_tp")
int guarded(void *ctx)
{
    if (dangerous) {
        u64 *nowhere = (u64 *)bpf_ktime_get_ns();
        return *nowhere;
    }
    return 5;
}
