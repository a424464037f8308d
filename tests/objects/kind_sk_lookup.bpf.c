// Which socket an incoming connection goes to.
#include "common.h"

SEC("sk_lookup")
int choose(struct bpf_sk_lookup *ctx)
{
    return ctx->local_port == 80 ? SK_DROP : SK_PASS;
}
