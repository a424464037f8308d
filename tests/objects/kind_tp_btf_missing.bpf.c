// A tracepoint that no kernel has.
// refused: kring_no_such_tracepoint
#include "common.h"

SEC("tp_btf/kring_no_such_tracepoint")
int never(u64 *ctx)
{
    return 0;
}
