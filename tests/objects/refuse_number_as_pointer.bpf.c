// A number used as an address.
// refused: R
#include "common.h"

SEC("raw_tp")
int read(void *ctx)
{
    return *(u32 *)bpf_ktime_get_ns();
}
