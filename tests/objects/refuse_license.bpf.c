// A helper for programs under the GPL only, in one under another licence.
// refused: GPL
#define LICENSE "Proprietary"
#include "common.h"

SEC("raw_tp")
int call(void *ctx)
{
    bpf_printk("hello");
    return 0;
}
