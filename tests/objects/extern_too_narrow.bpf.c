// A setting whose value does not fit its type.
// refused: CONFIG_NR_CPUS
#include "common.h"

extern char CONFIG_NR_CPUS __kconfig;

SEC("raw_tp")
int look(void *ctx)
{
    return CONFIG_NR_CPUS;
}
