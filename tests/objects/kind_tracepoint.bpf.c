// Tracepoints, under both names.
#include "common.h"

struct switch_args {
    u64 common;
    char prev_comm[16];
    s32 prev_pid;
};

u64 seen;

SEC("tracepoint/sched/sched_switch")
int switched(struct switch_args *ctx)
{
    seen += ctx->prev_pid;
    return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int opened(void *ctx)
{
    bpf_probe_read_kernel(&seen, sizeof(seen), ctx + 16);
    return 0;
}
