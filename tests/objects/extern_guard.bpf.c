// A setting decides which branch the verifier sees.
// run: look = 3
#include "common.h"

extern _Bool CONFIG_KRING_NOT_THERE __kconfig __weak;

SEC("raw_tp")
int look(void *ctx)
{
    if (CONFIG_KRING_NOT_THERE)
        return *(u32 *)bpf_ktime_get_ns();
    return 3;
}
