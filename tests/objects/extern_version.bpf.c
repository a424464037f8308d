// The kernel's version, as a number.
// vm refuses: LINUX_KERNEL_VERSION
// run: recent = 1
#include "common.h"

extern int LINUX_KERNEL_VERSION __kconfig;

SEC("raw_tp")
int recent(void *ctx)
{
    return LINUX_KERNEL_VERSION >= (5 << 16);
}
