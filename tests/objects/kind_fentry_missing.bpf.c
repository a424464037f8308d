// A function that no kernel has.
// refused: kring_no_such_function
#include "common.h"

SEC("fentry/kring_no_such_function")
int never(u64 *ctx)
{
    return 0;
}
