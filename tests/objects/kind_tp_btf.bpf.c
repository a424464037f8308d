// Tracepoints whose arguments have the kernel's types.
// run: nothing = 0
#include "common.h"
#include <bpf/bpf_tracing.h>

struct task_struct {
    int pid;
    struct task_struct *real_parent;
} __attribute__((preserve_access_index));

int parent;

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task)
{
    parent = task->real_parent->pid;
    return 0;
}

SEC("raw_tp")
int nothing(void *ctx)
{
    return 0;
}
