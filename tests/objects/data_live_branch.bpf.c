// What a variable does not rule out is verified.
// refused: guarded
#include "common.h"

u32 dangerous = 0;

SEC("raw_tp")
int guarded(void *ctx)
{
    if (dangerous) {
        u64 *nowhere = (u64 *)bpf_ktime_get_ns();
        return *nowhere;
    }
    return 5;
}
