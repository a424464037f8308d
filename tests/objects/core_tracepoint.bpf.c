// The struct of a tracepoint, and one that several share, from the kernel's types.
#include "common.h"
#include <bpf/bpf_core_read.h>

struct trace_event_raw_sys_enter {
    long id;
    unsigned long args[6];
} __attribute__((preserve_access_index));

struct trace_event_raw_sched_process_exec {
    u32 __data_loc_filename;
    s32 pid;
} __attribute__((preserve_access_index));

u64 sum;

SEC("tp/syscalls/sys_enter_kill")
int kills(struct trace_event_raw_sys_enter *ctx)
{
    sum += ctx->args[1] + ctx->id;
    return 0;
}

SEC("tp/sched/sched_process_exec")
int executes(struct trace_event_raw_sched_process_exec *ctx)
{
    if (bpf_core_type_exists(struct trace_event_raw_sched_process_exec))
        sum += ctx->pid + (ctx->__data_loc_filename & 0xffff);
    return 0;
}
