// A section whose name means nothing.
// refused: kring_no_such_kind
#include "common.h"

SEC("kring_no_such_kind")
int never(void *ctx)
{
    return 0;
}
