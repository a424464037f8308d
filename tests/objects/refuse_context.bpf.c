// A context read behind its end.
// refused: ctx|context
#include "common.h"

SEC("xdp")
int read(struct xdp_md *ctx)
{
    return *(u32 *)((void *)ctx + 200);
}
