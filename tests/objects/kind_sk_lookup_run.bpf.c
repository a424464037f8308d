// The same, run for a connection that is given.
// run: choose ctx=00*8,02000000,06000000,0100007f,00*16,12340000,0100007f,00*16,50000000,00*8 = 1
#include "common.h"

SEC("sk_lookup")
int choose(struct bpf_sk_lookup *ctx)
{
    return ctx->family == 2 && ctx->protocol == 6 ? SK_PASS : SK_DROP;
}
