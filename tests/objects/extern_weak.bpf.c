// Settings that no kernel has: nothing, as they are weak.
// run: look = 0
#include "common.h"

extern u64 CONFIG_KRING_NOT_THERE __kconfig __weak;
extern _Bool CONFIG_KRING_NOR_THIS __kconfig __weak;

SEC("raw_tp")
int look(void *ctx)
{
    return CONFIG_KRING_NOT_THERE + CONFIG_KRING_NOR_THIS;
}
