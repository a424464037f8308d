// A setting that must be there and is not.
// refused: CONFIG_KRING_NOT_THERE
#include "common.h"

extern u64 CONFIG_KRING_NOT_THERE __kconfig;

SEC("raw_tp")
int look(void *ctx)
{
    return CONFIG_KRING_NOT_THERE;
}
