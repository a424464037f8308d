// Raw tracepoints, under both names, with arguments.
// run: plain ctx=0500000000000000,0700000000000000 = 12
// run: named ctx=0500000000000000 = 5
#include "common.h"

SEC("raw_tp")
int plain(struct bpf_raw_tracepoint_args *ctx)
{
    return ctx->args[0] + ctx->args[1];
}

SEC("raw_tracepoint/sched_switch")
int named(struct bpf_raw_tracepoint_args *ctx)
{
    return ctx->args[0];
}

SEC("raw_tp.w")
int writes(struct bpf_raw_tracepoint_args *ctx)
{
    return 0;
}
